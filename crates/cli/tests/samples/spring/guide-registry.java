// After spring-guides/gs-rest-service-cors; shortened.
import org.springframework.context.annotation.Bean;
import org.springframework.web.servlet.config.annotation.*;

public class Application {

    @Bean
    public WebMvcConfigurer configurer() {
        return new WebMvcConfigurer() {
            @Override
            public void addCorsMappings(CorsRegistry registry) {
                registry.addMapping("/greeting").allowedOrigins("http://localhost:9000");
            }
        };
    }
}
