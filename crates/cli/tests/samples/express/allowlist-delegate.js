// After expressjs/cors README.md, Configuring CORS Asynchronously (versions before 2.8.5); made a whole program.
var express = require('express')
var cors = require('cors')
var app = express()
var allowed = ['http://one.example', 'http://two.example']
var delegate = function (req, callback) {
  var options
  if (allowed.indexOf(req.header('Origin')) !== -1) {
    options = { origin: true }
  } else {
    options = { origin: false }
  }
  callback(null, options)
}
app.get('/things', cors(delegate), function (req, res) { res.json({}) })
app.listen(3000)
