// .NET's Regex, as Mono has it.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;

static class Engine {
    static void Main() {
        for (string line; (line = Console.ReadLine()) != null;)
            Console.WriteLine(Answer(line.Split(new[] { ' ' }, StringSplitOptions.RemoveEmptyEntries)));
    }

    static string Answer(string[] parts) {
        var options = RegexOptions.None;
        foreach (char letter in parts[1].Substring(1))
            switch (letter) {
                case 'i': options |= RegexOptions.IgnoreCase; break;
                case 'x': options |= RegexOptions.IgnorePatternWhitespace; break;
                case 'n': options |= RegexOptions.ExplicitCapture; break;
                case 's': options |= RegexOptions.Singleline; break;
                case 'm': options |= RegexOptions.Multiline; break;
            }
        string pattern = Text(parts[2]);
        Regex regex;
        try {
            new Regex(pattern, options);
            string whole = parts[0] == "full" ? @"\A(?:" + pattern + @")\z"
                : parts[0] == "prefix" ? @"\A(?:" + pattern + ")" : pattern;
            regex = new Regex(whole, options, TimeSpan.FromSeconds(2));
        } catch (Exception error) {
            return "!" + error.Message.Replace("\n", " ").Replace("\r", " ");
        }
        return string.Join(" ", parts.Skip(3).Select(part => Find(regex, Text(part))));
    }

    static string Find(Regex regex, string text) {
        try {
            var match = regex.Match(text);
            return match.Success ? match.Index + "," + (match.Index + match.Length) : "-";
        } catch (Exception error) when (error is IndexOutOfRangeException || error is RegexMatchTimeoutException) {
            return "?";
        }
    }

    static string Text(string hex) {
        var bytes = new byte[(hex.Length - 1) / 2];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = Convert.ToByte(hex.Substring(1 + 2 * i, 2), 16);
        return Encoding.UTF8.GetString(bytes);
    }
}
