// After expressjs/cors README.md, Customizing CORS Settings Dynamically per Request; made a whole program.
var express = require('express')
var cors = require('cors')
var app = express()
var perRequest = function (req, callback) {
  var options
  if (req.path.startsWith('/login/')) {
    options = { origin: 'http://one.example', credentials: true }
  } else {
    options = { origin: '*' }
  }
  callback(null, options)
}
app.use(cors(perRequest))
app.get('/login/x', function (req, res) { res.send('') })
app.listen(3000)
