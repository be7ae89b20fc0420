// After expressjs/cors README.md, Enabling CORS Pre-Flight; made a whole program.
var express = require('express')
var cors = require('cors')
var app = express()
app.options('/things', cors())
app.delete('/things', cors(), function (req, res) { res.json({}) })
app.listen(3000)
