// After spring-security, docs/modules/ROOT/pages/servlet/integrations/cors.adoc; put into a class.
import org.springframework.context.annotation.Bean;
import org.springframework.web.cors.*;

class Security {

    @Bean
    UrlBasedCorsConfigurationSource corsConfigurationSource() {
        CorsConfiguration settings = new CorsConfiguration();
        settings.setAllowedOrigins(Arrays.asList("https://example.com"));
        settings.setAllowedMethods(Arrays.asList("GET", "POST"));
        UrlBasedCorsConfigurationSource source = new UrlBasedCorsConfigurationSource();
        source.registerCorsConfiguration("/**", settings);
        return source;
    }
}
