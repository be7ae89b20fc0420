// After expressjs/cors README.md, Configuration Options, origin: RegExp; made a whole program.
var express = require('express')
var cors = require('cors')
var app = express()
app.use(cors({ origin: /example\.com$/ }))
app.listen(3000)
