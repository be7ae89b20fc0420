// After expressjs/cors README.md, Configuration Options, origin: Boolean; made a whole program.
var express = require('express')
var cors = require('cors')
var app = express()
app.use(cors({ origin: true }))
app.listen(3000)
