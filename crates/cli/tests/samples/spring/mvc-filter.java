// After spring-framework, framework-docs/modules/ROOT/pages/web/webmvc-cors.adoc; put into a class.
import org.springframework.context.annotation.Bean;
import org.springframework.web.cors.CorsConfiguration;
import org.springframework.web.filter.CorsFilter;

class Filters {

    @Bean
    CorsFilter filter() {
        CorsConfiguration settings = new CorsConfiguration();
        settings.setAllowCredentials(true);
        settings.addAllowedOrigin("https://one.example");
        settings.addAllowedHeader("*");
        settings.addAllowedMethod("*");
        UrlBasedCorsConfigurationSource source = new UrlBasedCorsConfigurationSource();
        source.registerCorsConfiguration("/**", settings);
        return new CorsFilter(source);
    }
}
