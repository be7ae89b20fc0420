# After corydolphin/flask-cors, examples/view_based_example.py; made a whole program.
from flask import Flask
from flask_cors import cross_origin

app = Flask(__name__)


@app.route('/api/things', methods=['GET', 'POST'])
@cross_origin(allow_headers=['Content-Type'])
def things():
    return '{}'
