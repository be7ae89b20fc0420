# After corydolphin/flask-cors, flask_cors/extension.py, option origins; made a whole program.
from flask import Flask
from flask_cors import CORS

app = Flask(__name__)
CORS(app, origins=["https://one.example", "https://two.example"])


@app.route("/api/things")
def things():
    return "{}"
