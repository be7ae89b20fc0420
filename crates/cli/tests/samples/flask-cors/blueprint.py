# After corydolphin/flask-cors, examples/blueprints_based_example.py; made a whole program.
from flask import Blueprint, Flask
from flask_cors import CORS

api = Blueprint("api", __name__)
CORS(api)


@api.route("/api/things")
def things():
    return "{}"


app = Flask(__name__)
app.register_blueprint(api)
