// After expressjs/cors README.md, Configuration Options, credentials; made a whole program.
var express = require('express')
var cors = require('cors')
var app = express()
app.use(cors({ credentials: true }))
app.listen(3000)
