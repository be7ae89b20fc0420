# After corydolphin/flask-cors, examples/app_based_example.py; made a whole program.
from flask import Flask
from flask_cors import CORS

app = Flask(__name__)
CORS(app, resources=r'/api/*')


@app.route("/api/things")
def things():
    return "{}"
