# After corydolphin/flask-cors, docs/index.md, Using CORS with Cookies; made a whole program.
from flask import Flask
from flask_cors import CORS

app = Flask(__name__)
CORS(app, supports_credentials=True)


@app.route("/api/things")
def things():
    return "{}"
