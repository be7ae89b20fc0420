// Go's regexp.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strings"
)

func main() {
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		fmt.Println(answer(strings.Fields(line)))
	}
}

func answer(parts []string) string {
	pattern := text(parts[2])
	if _, err := regexp.Compile(pattern); err != nil {
		return "!" + strings.ReplaceAll(err.Error(), "\n", " ")
	}
	flags := ""
	if len(parts[1]) > 1 {
		flags = "(?" + parts[1][1:] + ")"
	}
	whole := flags + pattern
	switch parts[0] {
	case "full":
		whole = `\A(?:` + flags + pattern + `)\z`
	case "prefix":
		whole = `\A(?:` + flags + pattern + `)`
	}
	regex, err := regexp.Compile(whole)
	if err != nil {
		return "!" + strings.ReplaceAll(err.Error(), "\n", " ")
	}
	answers := []string{}
	for _, part := range parts[3:] {
		if found := regex.FindStringIndex(text(part)); found != nil {
			answers = append(answers, fmt.Sprintf("%d,%d", found[0], found[1]))
		} else {
			answers = append(answers, "-")
		}
	}
	return strings.Join(answers, " ")
}

func text(part string) string {
	bytes, _ := hex.DecodeString(part[1:])
	return string(bytes)
}
