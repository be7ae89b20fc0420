// java.util.regex.
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import java.util.regex.*;

class Engine {
    public static void main(String[] arguments) throws IOException {
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        var out = new PrintStream(System.out, true);
        for (String line; (line = in.readLine()) != null;) {
            out.println(answer(line.split(" ")));
        }
    }

    static String answer(String[] parts) {
        int flags = 0;
        for (char letter : parts[1].substring(1).toCharArray()) {
            flags |= switch (letter) {
                case 'i' -> Pattern.CASE_INSENSITIVE;
                case 'x' -> Pattern.COMMENTS;
                case 'u' -> Pattern.UNICODE_CASE;
                case 'U' -> Pattern.UNICODE_CHARACTER_CLASS;
                case 's' -> Pattern.DOTALL;
                case 'm' -> Pattern.MULTILINE;
                case 'd' -> Pattern.UNIX_LINES;
                default -> throw new IllegalArgumentException();
            };
        }
        Pattern pattern;
        try {
            pattern = Pattern.compile(text(parts[2]), flags);
        } catch (RuntimeException | StackOverflowError error) {
            return "!" + String.valueOf(error.getMessage()).replace('\n', ' ').replace('\r', ' ');
        }
        var answers = new StringJoiner(" ");
        for (int i = 3; i < parts.length; i++) {
            var matcher = pattern.matcher(text(parts[i]));
            boolean found = switch (parts[0]) {
                case "full" -> matcher.matches();
                case "prefix" -> matcher.lookingAt();
                default -> matcher.find();
            };
            answers.add(found ? matcher.start() + "," + matcher.end() : "-");
        }
        return answers.toString();
    }

    static String text(String hex) {
        return new String(HexFormat.of().parseHex(hex.substring(1)), StandardCharsets.UTF_8);
    }
}
