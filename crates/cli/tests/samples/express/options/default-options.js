// After expressjs/cors README.md, Configuration Options, the default; made a whole program.
var express = require('express')
var cors = require('cors')
var app = express()
app.use(cors({ origin: '*', methods: 'GET,HEAD,PUT,PATCH,POST,DELETE', preflightContinue: false, optionsSuccessStatus: 204 }))
app.listen(3000)
