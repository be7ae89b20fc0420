# After corydolphin/flask-cors, README.rst, Resource specific CORS; made a whole program.
from flask import Flask
from flask_cors import CORS

app = Flask(__name__)
cors = CORS(app, resources={r"/api/*": {"origins": "*"}})


@app.route("/api/things")
def things():
    return "{}"
