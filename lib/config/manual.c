/* manual.c — prints the manual page nexuslims-config(5); what it says of each setting is the settings table's own text. Run by the build. */
#include <stdio.h>
#include <string.h>

#include "nx-config.h"

/* Text for troff: backslashes and hyphens as themselves, no line that begins like a request. */
static void print_text(const char *text)
{
  gboolean at_line_start = TRUE;
  for (; *text != '\0'; text++) {
    if (at_line_start && (*text == '.' || *text == '\''))
      fputs("\\&", stdout);
    if (*text == '\\')
      fputs("\\e", stdout);
    else if (*text == '-')
      fputs("\\-", stdout);
    else
      putchar(*text);
    at_line_start = *text == '\n';
  }
}

static void print_paragraphs(const char *help)
{
  g_auto(GStrv) paragraphs = g_strsplit(help, "\n\n", -1);
  for (char **paragraph = paragraphs; *paragraph; paragraph++) {
    if (paragraph != paragraphs)
      puts(".IP");
    print_text(*paragraph);
    putchar('\n');
  }
}

static const char *const TYPE_WORDS[] = {
  [NX_TYPE_STRING] = "text",
  [NX_TYPE_DIRECTORY] = "a directory that exists",
  [NX_TYPE_NEW_DIRECTORY] = "a directory, or a new one inside a directory that exists",
  [NX_TYPE_FILE] = "a file that exists",
  [NX_TYPE_DATABASE] = "a file, or an address",
  [NX_TYPE_URL] = "an http or https address",
  [NX_TYPE_ENUM] = "one word",
  [NX_TYPE_LIST] = "a JSON list of strings",
  [NX_TYPE_BOOL] = "true or false",
  [NX_TYPE_YES] = "true or false",
  [NX_TYPE_INT] = "a whole number",
  [NX_TYPE_PORT] = "a port number",
  [NX_TYPE_FLOAT] = "a number",
  [NX_TYPE_ZONE] = "an IANA time zone",
  [NX_TYPE_STRFTIME] = "a format of dates",
  [NX_TYPE_STRPTIME] = "a format of dates",
  [NX_TYPE_EMAIL] = "a mail address",
  [NX_TYPE_EMAIL_LIST] = "mail addresses",
};
static const char *const BOUND_WORDS[] = {
  [NX_BOUND_NONE] = "",
  [NX_BOUND_POSITIVE] = " greater than 0",
  [NX_BOUND_NOT_NEGATIVE] = ", 0 or greater",
  [NX_BOUND_FRACTION] = " from 0 to 1",
};

/* One line of facts: "a number greater than 0; default 2". */
static void print_facts(const NxSetting *row)
{
  g_autoptr(GString) facts = g_string_new(TYPE_WORDS[row->type]);
  g_autofree char *members = row->members ? g_strjoinv(", ", (char **)row->members) : NULL;
  if (members)
    g_string_append_printf(facts, " of %s", members);
  g_string_append(facts, BOUND_WORDS[row->bound]);
  if (row->flags & NX_SETTING_REQUIRED)
    g_string_append(facts, "; required");
  else if (row->flags & NX_SETTING_CDCS)
    g_string_append(facts, "; required unless another destination is set");
  else if (row->fallback)
    g_string_append_printf(facts, "; default %s", row->fallback);
  if (row->flags & NX_SETTING_SECRET)
    g_string_append(facts, "; secret");
  fputs("(", stdout);
  print_text(facts->str);
  puts(")");
}

static void print_table(const NxSetting *table)
{
  for (; table->name; table++) {
    printf(".TP\n.B %s\n", table->name);
    print_text(table->summary);
    puts(".");
    print_facts(table);
    puts(".IP");
    print_paragraphs(table->help);
  }
}

static const char HEAD[] =
  ".TH NEXUSLIMS\\-CONFIG 5 \"\" \"NexusLIMS " NX_VERSION "\" \"NexusLIMS\"\n"
  ".SH NAME\n"
  "nexuslims\\-config \\- settings of nexuslims and the nx\\-* programs\n"
  ".SH DESCRIPTION\n"
  "Every setting is a variable whose name begins with NX_.\n"
  "Its value is, first hit wins, that of the process environment, that in the\n"
  ".I .env\n"
  "file, or the default.\n"
  "A value that is there but empty counts as not set.\n"
  ".PP\n"
  "The\n"
  ".I .env\n"
  "file is the one that NX_ENV_FILE names; without that variable, the first file of that name in the working directory or a directory above it.\n"
  "It may be absent.\n"
  "Since it holds secrets, only its owner should be able to read it.\n"
  ".PP\n"
  "Names that are no settings are ignored;\n"
  ".B nexuslims config check\n"
  "points at those that look like a slip of the pen, and reports every other problem at once.\n"
  ".SH THE .env FILE\n"
  "One NAME=VALUE a line, with blanks around either if you like, and perhaps the word\n"
  ".B export\n"
  "before it.\n"
  "Lines that begin with # are comments, and so is what follows a blank and a # behind a value.\n"
  "The last line of a name wins.\n"
  "A line that cannot be read is skipped with a warning.\n"
  ".TP\n"
  "NAME=VALUE\n"
  "A bare value ends with the line; blanks at its end are dropped, a backslash is a backslash.\n"
  ".TP\n"
  "NAME=\\(aqVALUE\\(aq\n"
  "May run over several lines. Only \\e\\e and \\e\\(aq are escapes.\n"
  ".TP\n"
  "NAME=\"VALUE\"\n"
  "May run over several lines. \\e\\e \\e\\(aq \\e\" \\ea \\eb \\ef \\en \\er \\et \\ev are escapes.\n"
  ".PP\n"
  "In all three, ${NAME} stands for the value of a line further up or of the environment, and ${NAME:\\-TEXT} for TEXT when there is neither.\n"
  "Nothing keeps ${ from being replaced.\n";

static const char TAIL[] =
  ".SH ENVIRONMENT\n"
  ".TP\n"
  ".B NX_ENV_FILE\n"
  "The settings file, instead of the nearest\n"
  ".IR .env .\n"
  "It must be readable.\n"
  ".TP\n"
  ".B NX_MIGRATIONS_PATH\n"
  "The directory of database migrations, instead of the installed one.\n"
  ".PP\n"
  "These two are read from the process environment only.\n"
  ".SH EXAMPLES\n"
  "A facility that publishes to a local web catalogue alone:\n"
  ".PP\n"
  ".EX\n"
  "NX_INSTRUMENT_DATA_PATH=/mnt/instrument_data\n"
  "NX_DATA_PATH=/srv/nexuslims\n"
  "NX_DB_PATH=${NX_DATA_PATH}/nexuslims.db\n"
  "NX_SITE_PATH=/srv/www/microscopy\n"
  ".EE\n"
  ".PP\n"
  "The same with CDCS and a NEMO server:\n"
  ".PP\n"
  ".EX\n"
  "NX_CDCS_URL=https://nexuslims.example.com/\n"
  "NX_CDCS_TOKEN=\\(aq0123456789abcdef\\(aq\n"
  "NX_NEMO_ADDRESS_1=https://nemo.example.com/api/\n"
  "NX_NEMO_TOKEN_1=\\(aq0123456789abcdef0123456789abcdef01234567\\(aq\n"
  ".EE\n"
  ".PP\n"
  "Move a configuration to another host:\n"
  ".PP\n"
  ".EX\n"
  "$ nexuslims config dump \\-\\-output site.json\n"
  "$ nexuslims config load site.json\n"
  ".EE\n"
  ".SH SEE ALSO\n"
  ".BR nexuslims (1),\n"
  ".BR nx\\-config (1)\n";

int main(void)
{
  fputs(HEAD, stdout);
  puts(".SH SETTINGS");
  print_table(nx_settings_table);
  puts(".SH NEMO SERVERS\nA server is one that has an address and a token with the same number N; a lone one of the two is left out with a warning.");
  print_table(nx_nemo_table);
  puts(".SH ERROR MAIL\nWithout host, sender and recipients no mail is sent; a value that is wrong is logged, and no mail is sent either.");
  print_table(nx_email_table);
  fputs(TAIL, stdout);
  return fflush(stdout) == 0 ? 0 : 1;
}
