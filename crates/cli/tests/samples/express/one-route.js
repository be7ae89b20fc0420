// After expressjs/cors README.md, Enable CORS for a Single Route; made a whole program.
var express = require('express')
var cors = require('cors')
var app = express()
app.get('/things', cors(), function (req, res) { res.json({}) })
app.listen(3000)
