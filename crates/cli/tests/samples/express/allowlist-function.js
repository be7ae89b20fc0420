// After expressjs/cors README.md, Configuring CORS w/ Dynamic Origin (versions before 2.8.5); made a whole program.
var express = require('express')
var cors = require('cors')
var app = express()
var allowed = ['http://one.example', 'http://two.example']
var options = {
  origin: function (origin, callback) {
    if (allowed.indexOf(origin) !== -1) {
      callback(null, true)
    } else {
      callback(new Error('refused'))
    }
  }
}
app.get('/things', cors(options), function (req, res) { res.json({}) })
app.listen(3000)
