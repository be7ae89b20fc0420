// After expressjs/cors README.md, Configuring CORS w/ Dynamic Origin; made a whole program.
var express = require('express')
var cors = require('cors')
var app = express()
var options = {
  origin: function (origin, callback) {
    store.origins(function (error, origins) {
      callback(error, origins)
    })
  }
}
app.get('/things', cors(options), function (req, res) { res.json({}) })
app.listen(3000)
