// After expressjs/cors README.md, Configuration Options, origin: Array; made a whole program.
var express = require('express')
var cors = require('cors')
var app = express()
app.use(cors({ origin: ["http://example1.com", /\.example2\.com$/] }))
app.listen(3000)
