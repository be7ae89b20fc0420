// Asks rs/cors: each line of the input is a case, each line of the output what was sent.
package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/rs/cors"
)

type question struct {
	Origins     []string
	Credentials bool
	Asked       []string
}

type answer struct {
	AllowOrigin []string
	Credentials []string
}

func main() {
	questions := json.NewDecoder(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	for {
		var q question
		if questions.Decode(&q) != nil {
			return
		}
		handler := cors.New(cors.Options{
			AllowedOrigins: q.Origins, AllowedHeaders: []string{"*"}, AllowCredentials: q.Credentials,
		}).Handler(http.NotFoundHandler())
		for _, origin := range q.Asked {
			request := httptest.NewRequest("GET", "/", nil)
			request.Header.Set("Origin", origin)
			response := httptest.NewRecorder()
			handler.ServeHTTP(response, request)
			answers.Encode(answer{
				response.Header().Values("Access-Control-Allow-Origin"),
				response.Header().Values("Access-Control-Allow-Credentials"),
			})
		}
	}
}
