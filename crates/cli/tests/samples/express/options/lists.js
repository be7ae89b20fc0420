// After expressjs/cors README.md, Configuration Options, methods to exposedHeaders; made a whole program.
var express = require('express')
var cors = require('cors')
var app = express()
app.use(cors({ origin: 'https://example.com', methods: ['GET', 'PUT', 'POST'], allowedHeaders: 'Content-Type,Authorization', exposedHeaders: ['Content-Range'], maxAge: 600 }))
app.listen(3000)
