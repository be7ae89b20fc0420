// After expressjs/cors README.md, Configuration Options, origin: String; made a whole program.
var express = require('express')
var cors = require('cors')
var app = express()
app.use(cors({ origin: '*' }))
app.listen(3000)
