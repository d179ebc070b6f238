/* form-draw.c — where the fields of a form stand on the screen: labels beside the inputs or above them, one column or two. */
#include "form.h"

#include "cells.h"

#include <curses.h>
#include <string.h>

#define TWO_COLUMNS_FROM 100 /* cells (tui §4) */
#define BESIDE_FROM 70
#define LABEL_WIDTH 20

typedef struct {
  gboolean beside; /* the label */
  int columns;     /* 1 or 2 */
  int column_width;
} Layout;

static gboolean has_right_side(const NxForm *form)
{
  for (guint i = 0; i < form->fields->len; i++)
    if (((const NxField *)form->fields->pdata[i])->side == 1)
      return TRUE;
  return FALSE;
}

static Layout choose_layout(const NxForm *form)
{
  int width = nx_screen_columns();
  Layout layout = {.beside = !form->stacked && width >= BESIDE_FROM, .columns = 1};
  if (width >= TWO_COLUMNS_FROM && has_right_side(form))
    layout.columns = 2;
  layout.column_width = (width - 2) / layout.columns;
  return layout;
}

/* Buttons that follow one another stand side by side, below an empty line. */
static int place_button(NxField *field, const NxField *before, int left, int right)
{
  field->width = (int)nx_cells_width(field->label) + 4;
  int beside = before && before->kind == NX_FIELD_BUTTON ? before->column + before->width + 2 : right;
  if (beside + field->width > right) {
    field->column = left;
    field->row++;
    return 2;
  }
  field->row = before->row;
  field->column = beside;
  return 0;
}

/* Rows of a field: its label, its input, and the line for its help or its error. */
static int place(NxField *field, const NxField *before, const Layout *layout, int row, int left)
{
  gboolean above = !layout->beside && field->kind != NX_FIELD_SWITCH;
  field->width = layout->column_width - 2;
  field->column = left;
  field->row = row;
  if (field->kind == NX_FIELD_HEADING) {
    field->row = row + (row > 0);
    return row > 0 ? 2 : 1;
  }
  if (field->kind == NX_FIELD_BUTTON)
    return place_button(field, before, left, left + layout->column_width * layout->columns);
  if (above) {
    field->row = row + 1;
    return 3;
  }
  if (layout->beside) {
    field->column += LABEL_WIDTH;
    field->width -= LABEL_WIDTH;
  }
  return 2;
}

static void place_all(NxForm *form, const Layout *layout)
{
  int rows[2] = {0, 0};
  for (guint i = 0; i < form->fields->len; i++) {
    NxField *field = form->fields->pdata[i];
    int side = layout->columns == 2 ? field->side : 0;
    gboolean spans_both = field->kind == NX_FIELD_HEADING || field->kind == NX_FIELD_BUTTON;
    if (spans_both)
      rows[0] = rows[1] = MAX(rows[0], rows[1]);
    const NxField *before = i > 0 ? form->fields->pdata[i - 1] : NULL;
    rows[side] += place(field, before, layout, rows[side], 1 + side * layout->column_width);
    if (spans_both)
      rows[1] = rows[0];
  }
  form->height = MAX(rows[0], rows[1]);
}

/* Scrolls so that the focused field, its label and its second line are in sight. */
static void follow(NxForm *form, int lines)
{
  const NxField *field = nx_form_focused(form);
  if (field && field->row - 1 < form->top)
    form->top = MAX(field->row - 1, 0);
  if (field && field->row + 2 > form->top + lines)
    form->top = field->row + 2 - lines;
  form->top = CLAMP(form->top, 0, MAX(form->height - lines, 0));
}

static void draw_at(const NxForm *form, int row, int column, int width, NxRole role, const char *text)
{
  int line = row - form->top;
  if (line >= 0 && line < form->lines)
    nx_draw(form->first_line + line, column, width, role, text);
}

static void draw_label(const NxForm *form, const NxField *field, const Layout *layout)
{
  g_autofree char *label = g_strconcat(field->label, field->required ? " *" : "", NULL);
  NxRole role = field->disabled ? NX_ROLE_MUTED : NX_ROLE_LABEL;
  if (layout->beside)
    draw_at(form, field->row, field->column - LABEL_WIDTH, LABEL_WIDTH - 1, role, label);
  else if (field->kind != NX_FIELD_SWITCH)
    draw_at(form, field->row - 1, field->column, field->width, role, label);
}

static void draw_switch(const NxForm *form, const NxField *field, const Layout *layout, gboolean focused)
{
  gboolean on = g_str_equal(field->input.text->str, "true");
  g_autofree char *text = g_strdup_printf("[%s] %s", on ? "x" : " ", layout->beside ? (on ? "on" : "off") : field->label);
  draw_at(form, field->row, field->column, field->width, field->disabled ? NX_ROLE_MUTED : focused ? NX_ROLE_FOCUS : NX_ROLE_TEXT, text);
}

static void draw_choice(const NxForm *form, const NxField *field, gboolean focused)
{
  g_autofree char *text = g_strdup_printf("‹ %s ›", field->input.text->str);
  draw_at(form, field->row, field->column, field->width, field->disabled ? NX_ROLE_MUTED : focused ? NX_ROLE_FOCUS : NX_ROLE_INPUT, text);
}

/* What is longer than the input begins further left. */
static void draw_below(const NxForm *form, const NxField *field, const Layout *layout, NxRole role, const char *text)
{
  int room = layout->beside ? LABEL_WIDTH : 0, more = CLAMP((int)nx_cells_width(text) - field->width, 0, room);
  draw_at(form, field->row + 1, field->column - more, field->width + more, role, text);
}

/* What the chosen word means; NULL when nothing says so. Owned. */
static char *gloss_of(const NxField *field)
{
  g_auto(GStrv) paragraphs = g_strsplit(field->glosses ? field->glosses : "", "\n\n", -1);
  g_autofree char *start = g_strconcat(field->input.text->str, ": ", NULL);
  for (char **paragraph = paragraphs; *paragraph; paragraph++)
    if (g_str_has_prefix(*paragraph, start))
      return g_strdup(*paragraph + strlen(start));
  return NULL;
}

/* The reason beside the field, else what was chosen, else its help. */
static void draw_remark(const NxForm *form, const NxField *field, const Layout *layout)
{
  gboolean shows_error = field->error && (field->touched || form->shows_all);
  if (shows_error || field->warning) {
    g_autofree char *text = g_strconcat(shows_error ? "✗ " : "⚠ ", shows_error ? field->error : field->warning, NULL);
    draw_below(form, field, layout, shows_error ? NX_ROLE_ERROR : NX_ROLE_WARNING, text);
    return;
  }
  g_autofree char *gloss = gloss_of(field);
  if (gloss || field->help)
    draw_below(form, field, layout, NX_ROLE_MUTED, gloss ? gloss : field->help);
}

static void draw_input(const NxForm *form, const NxField *field, gboolean focused)
{
  int line = field->row - form->top;
  if (line >= 0 && line < form->lines)
    nx_input_draw(&field->input, form->first_line + line, field->column, field->width, focused, !field->disabled);
}

static void draw_field(const NxForm *form, const NxField *field, const Layout *layout, gboolean focused)
{
  if (field->kind == NX_FIELD_HEADING) {
    draw_at(form, field->row, field->column, field->width, NX_ROLE_HEADING, field->label);
    return;
  }
  if (field->kind == NX_FIELD_BUTTON) {
    g_autofree char *text = g_strdup_printf("[ %s ]", field->label);
    draw_at(form, field->row, field->column, field->width, field->disabled ? NX_ROLE_MUTED : focused ? NX_ROLE_CURRENT : NX_ROLE_KEY, text);
    return;
  }
  draw_label(form, field, layout);
  if (field->kind == NX_FIELD_SWITCH)
    draw_switch(form, field, layout, focused);
  else if (field->kind == NX_FIELD_CHOICE)
    draw_choice(form, field, focused);
  else if (field->kind == NX_FIELD_FIXED)
    draw_at(form, field->row, field->column, field->width, NX_ROLE_TEXT, field->input.text->str);
  else
    draw_input(form, field, focused);
  draw_remark(form, field, layout);
}

void nx_form_draw(NxForm *form, int row, int lines)
{
  Layout layout = choose_layout(form);
  form->first_line = row;
  form->lines = lines;
  place_all(form, &layout);
  follow(form, lines);
  for (guint i = 0; i < form->fields->len; i++)
    draw_field(form, form->fields->pdata[i], &layout, i == form->focus);
  if (form->top > 0)
    nx_draw(row, nx_screen_columns() - 1, 1, NX_ROLE_KEY, "▲");
  if (form->top + lines < form->height)
    nx_draw(row + lines - 1, nx_screen_columns() - 1, 1, NX_ROLE_KEY, "▼");
}
