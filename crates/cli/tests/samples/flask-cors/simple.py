# After corydolphin/flask-cors, README.rst, Simple Usage; made a whole program.
from flask import Flask
from flask_cors import CORS

app = Flask(__name__)
CORS(app)


@app.route("/api/things")
def things():
    return "{}"
