# After corydolphin/flask-cors, examples/view_based_example.py; made a whole program.
from flask import Flask
from flask_cors import cross_origin

app = Flask(__name__)


@app.route('/')
@cross_origin()
def root():
    return ''


@app.route('/api/things', methods=['POST'])
@cross_origin(allow_headers=['Content-Type'])
def things():
    return '{}'
