# After corydolphin/flask-cors, flask_cors/extension.py, option send_wildcard; made a whole program.
from flask import Flask
from flask_cors import CORS

app = Flask(__name__)
CORS(app, send_wildcard=True)


@app.route("/api/things")
def things():
    return "{}"
