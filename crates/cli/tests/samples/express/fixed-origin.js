// After expressjs/cors README.md, Configuring CORS; made a whole program.
var express = require('express')
var cors = require('cors')
var app = express()
var options = { origin: 'http://example.com', optionsSuccessStatus: 200 }
app.get('/things', cors(options), function (req, res) { res.json({}) })
app.listen(3000)
