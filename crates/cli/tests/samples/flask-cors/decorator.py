# After corydolphin/flask-cors, README.rst, Route specific CORS via decorator; made a whole program.
from flask import Flask
from flask_cors import cross_origin

app = Flask(__name__)


@app.route("/api/things")
@cross_origin()
def things():
    return "{}"
