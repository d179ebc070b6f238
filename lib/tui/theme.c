/* theme.c — dark and light: which colours a role has, and the choice that is remembered (tui §1). */
#include "theme.h"

#include <dialog.h>

/* Colours of the 256-colour palette, and of the eight that every colour terminal has. */
typedef struct {
  short ink, paper, ink_of_8, paper_of_8;
  attr_t also;
} Colours;

static const Colours DARK[NX_ROLE_COUNT] = {
  [NX_ROLE_TEXT] = {252, 235, COLOR_WHITE, COLOR_BLACK, 0},
  [NX_ROLE_TITLE] = {231, 25, COLOR_WHITE, COLOR_BLUE, A_BOLD},
  [NX_ROLE_MUTED] = {245, 235, COLOR_WHITE, COLOR_BLACK, A_DIM},
  [NX_ROLE_KEY] = {215, 235, COLOR_YELLOW, COLOR_BLACK, A_BOLD},
  [NX_ROLE_LABEL] = {117, 235, COLOR_CYAN, COLOR_BLACK, 0},
  [NX_ROLE_HEADING] = {117, 238, COLOR_CYAN, COLOR_BLACK, A_BOLD},
  [NX_ROLE_CURRENT] = {231, 31, COLOR_WHITE, COLOR_CYAN, A_BOLD},
  [NX_ROLE_SELECTED] = {231, 24, COLOR_WHITE, COLOR_BLUE, A_BOLD},
  [NX_ROLE_INPUT] = {252, 237, COLOR_WHITE, COLOR_BLACK, 0},
  [NX_ROLE_FOCUS] = {231, 240, COLOR_WHITE, COLOR_BLUE, 0},
  [NX_ROLE_ERROR] = {210, 235, COLOR_RED, COLOR_BLACK, A_BOLD},
  [NX_ROLE_WARNING] = {221, 235, COLOR_YELLOW, COLOR_BLACK, 0},
  [NX_ROLE_SUCCESS] = {114, 235, COLOR_GREEN, COLOR_BLACK, 0},
};

static const Colours LIGHT[NX_ROLE_COUNT] = {
  [NX_ROLE_TEXT] = {235, 255, COLOR_BLACK, COLOR_WHITE, 0},
  [NX_ROLE_TITLE] = {231, 31, COLOR_WHITE, COLOR_BLUE, A_BOLD},
  [NX_ROLE_MUTED] = {242, 255, COLOR_BLACK, COLOR_WHITE, A_DIM},
  [NX_ROLE_KEY] = {130, 255, COLOR_RED, COLOR_WHITE, A_BOLD},
  [NX_ROLE_LABEL] = {25, 255, COLOR_BLUE, COLOR_WHITE, 0},
  [NX_ROLE_HEADING] = {25, 252, COLOR_BLUE, COLOR_WHITE, A_BOLD},
  [NX_ROLE_CURRENT] = {231, 67, COLOR_WHITE, COLOR_CYAN, A_BOLD},
  [NX_ROLE_SELECTED] = {231, 32, COLOR_WHITE, COLOR_BLUE, A_BOLD},
  [NX_ROLE_INPUT] = {235, 253, COLOR_BLACK, COLOR_WHITE, 0},
  [NX_ROLE_FOCUS] = {16, 229, COLOR_BLACK, COLOR_CYAN, 0},
  [NX_ROLE_ERROR] = {160, 255, COLOR_RED, COLOR_WHITE, A_BOLD},
  [NX_ROLE_WARNING] = {130, 255, COLOR_MAGENTA, COLOR_WHITE, 0},
  [NX_ROLE_SUCCESS] = {28, 255, COLOR_GREEN, COLOR_WHITE, 0},
};

/* Where there are no colours, weight tells the roles apart. */
static const attr_t PLAIN[NX_ROLE_COUNT] = {
  [NX_ROLE_TITLE] = A_REVERSE,  [NX_ROLE_KEY] = A_BOLD,        [NX_ROLE_HEADING] = A_BOLD, [NX_ROLE_CURRENT] = A_BOLD | A_REVERSE,
  [NX_ROLE_SELECTED] = A_REVERSE, [NX_ROLE_INPUT] = A_UNDERLINE, [NX_ROLE_FOCUS] = A_REVERSE, [NX_ROLE_ERROR] = A_BOLD,
  [NX_ROLE_WARNING] = A_BOLD,
};

static struct {
  gboolean colours, light;
} theme;

/* `$XDG_CONFIG_HOME/nexuslims/theme` holds the word dark or light. */
static char *choice_path(void)
{
  return g_build_filename(g_get_user_config_dir(), "nexuslims", "theme", NULL);
}

static int pair_of(NxRole role)
{
  /* An attribute has eight bits for the pair; libdialog counts its pairs upwards from 1. */
  return MIN(COLOR_PAIRS, 256) - 1 - (int)role;
}

static gboolean has_many_colours(void)
{
  return COLORS >= 256;
}

static void dress_entry(DIALOG_COLORS *entry, NxRole role, const Colours *table)
{
  if (!table) {
    /* What marks an input line would cover the whole box. */
    entry->atr = PLAIN[role == NX_ROLE_INPUT ? NX_ROLE_TEXT : role];
    return;
  }
  entry->fg = has_many_colours() ? table[role].ink : table[role].ink_of_8;
  entry->bg = has_many_colours() ? table[role].paper : table[role].paper_of_8;
  entry->hilite = role == NX_ROLE_CURRENT;
}

/* libdialog draws its boxes with the same colours; without a table, with none. */
static void dress_dialog(const Colours *table)
{
  static const struct {
    int first, last;
    NxRole role;
  } PARTS[] = {
    {0, 0, NX_ROLE_TEXT},    {1, 1, NX_ROLE_TEXT},     {2, 2, NX_ROLE_INPUT},     {3, 3, NX_ROLE_HEADING}, {4, 4, NX_ROLE_INPUT},
    {5, 5, NX_ROLE_CURRENT}, {6, 6, NX_ROLE_INPUT},    {7, 7, NX_ROLE_CURRENT},   {8, 8, NX_ROLE_INPUT},   {9, 9, NX_ROLE_CURRENT},
    {10, 10, NX_ROLE_INPUT}, {11, 19, NX_ROLE_INPUT},  {20, 20, NX_ROLE_SELECTED}, {21, 21, NX_ROLE_INPUT}, {22, 22, NX_ROLE_SELECTED},
    {23, 23, NX_ROLE_INPUT}, {24, 24, NX_ROLE_SELECTED}, {25, 25, NX_ROLE_INPUT},  {26, 26, NX_ROLE_SELECTED}, {27, 37, NX_ROLE_INPUT},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(PARTS); i++)
    for (int entry = PARTS[i].first; entry <= PARTS[i].last && entry < dlg_color_count(); entry++)
      dress_entry(&dlg_color_table[entry], PARTS[i].role, table);
  if (table)
    dlg_color_setup();
}

static void apply(void)
{
  const Colours *table = !theme.colours ? NULL : theme.light ? LIGHT : DARK;
  dress_dialog(table);
  if (!table)
    return;
  for (int role = 0; role < NX_ROLE_COUNT; role++) {
    const Colours *colours = &table[role];
    init_pair((short)pair_of((NxRole)role), has_many_colours() ? colours->ink : colours->ink_of_8,
              has_many_colours() ? colours->paper : colours->paper_of_8);
  }
  bkgd(nx_theme_attributes(NX_ROLE_TEXT) | ' ');
}

void nx_theme_start(gboolean colours)
{
  g_autofree char *path = choice_path();
  g_autofree char *word = NULL;
  gsize length = 0;
  if (nx_file_read(path, 64, &word, &length, NULL))
    theme.light = g_str_has_prefix(word, "light");
  theme.colours = colours && COLOR_PAIRS > 2 * NX_ROLE_COUNT;
  apply();
}

const char *nx_theme_toggle(void)
{
  theme.light = !theme.light;
  const char *name = theme.light ? "light" : "dark";
  g_autofree char *path = choice_path();
  g_autofree char *line = g_strconcat(name, "\n", NULL);
  /* A choice that cannot be remembered still holds for this time. */
  nx_file_write_fast(path, line, strlen(line), 0644, NULL);
  apply();
  return name;
}

guint nx_theme_attributes(NxRole role)
{
  if (!theme.colours)
    return PLAIN[role];
  attr_t also = (theme.light ? LIGHT : DARK)[role].also;
  if (has_many_colours())
    also &= ~A_DIM;
  return (guint)COLOR_PAIR(pair_of(role)) | also;
}
