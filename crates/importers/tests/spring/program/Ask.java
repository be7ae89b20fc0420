// Answers, line by line, what Spring's CorsConfiguration says of an origin, and whether
// java.util.regex accepts it under an origin pattern.
//
//     origins TAB credentials TAB origin     ->  what would be sent, or `-`
//     = expression TAB origin                ->  true, false, mistake

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.springframework.web.cors.CorsConfiguration;

public class Ask {
    public static void main(String[] arguments) throws Exception {
        var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var output = new PrintStream(System.out, false, "UTF-8");
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] parts = line.split("\t", -1);
            if (line.startsWith("= ")) {
                output.println(matches(parts[0].substring(2), parts[1]));
            } else {
                var configuration = new CorsConfiguration();
                configuration.setAllowedOrigins(Arrays.asList(parts[0].split(",")));
                configuration.setAllowCredentials(Boolean.valueOf(parts[1]));
                String sent = configuration.checkOrigin(parts[2]);
                output.println(sent == null ? "-" : sent);
            }
        }
        output.flush();
    }

    private static String matches(String expression, String origin) {
        try {
            return String.valueOf(Pattern.compile(expression).matcher(origin).matches());
        } catch (PatternSyntaxException mistake) {
            return "mistake";
        }
    }
}
