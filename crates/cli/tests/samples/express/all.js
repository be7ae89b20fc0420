// After expressjs/cors README.md, Simple Usage; made a whole program.
var express = require('express')
var cors = require('cors')
var app = express()
app.use(cors())
app.get('/things', function (req, res) { res.json({}) })
app.listen(3000)
