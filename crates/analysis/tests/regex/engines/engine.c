/* glibc's regcomp. The match is leftmost and longest: full and prefix follow from its bounds. */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *text(const char *hex) {
    size_t length = strlen(hex + 1) / 2;
    char *bytes = calloc(length + 1, 1);
    for (size_t i = 0; i < length; i++) {
        unsigned byte;
        sscanf(hex + 1 + 2 * i, "%2x", &byte);
        bytes[i] = (char)byte;
    }
    return bytes;
}

int main(void) {
    char *line = NULL;
    size_t room = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (getline(&line, &room, stdin) > 0) {
        char *mode = strtok(line, " \n"), *flags = strtok(NULL, " \n");
        char *pattern = text(strtok(NULL, " \n"));
        regex_t regex;
        int error = regcomp(&regex, pattern, REG_EXTENDED | (strchr(flags, 'i') ? REG_ICASE : 0));
        free(pattern);
        if (error) {
            char reason[200];
            regerror(error, &regex, reason, sizeof reason);
            printf("!%s\n", reason);
            continue;
        }
        const char *separator = "";
        for (char *part; (part = strtok(NULL, " \n"));) {
            char *subject = text(part);
            regmatch_t found;
            int matched = regexec(&regex, subject, 1, &found, 0) == 0;
            matched = matched && (*mode == 's' || found.rm_so == 0);
            matched = matched && (*mode != 'f' || (size_t)found.rm_eo == strlen(subject));
            if (matched)
                printf("%s%d,%d", separator, (int)found.rm_so, (int)found.rm_eo);
            else
                printf("%s-", separator);
            separator = " ";
            free(subject);
        }
        printf("\n");
        regfree(&regex);
    }
    free(line);
    return 0;
}
