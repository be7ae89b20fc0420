# After corydolphin/flask-cors, README.rst, Simple Usage (1.x); made a whole program.
from flask import Flask
from flask_cors import CORS

app = Flask(__name__)
app.config['CORS_HEADERS'] = 'Content-Type'
CORS(app)


@app.route("/api/things")
def things():
    return "{}"
