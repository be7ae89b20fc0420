# After corydolphin/flask-cors, flask_cors/extension.py, options; made a whole program.
from flask import Flask
from flask_cors import CORS

app = Flask(__name__)
CORS(app, origins="https://one.example", methods=["GET", "POST"], expose_headers=["X-Total"], allow_headers=["Content-Type"], max_age=600, vary_header=True)


@app.route("/api/things")
def things():
    return "{}"
