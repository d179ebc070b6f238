/* lattice.c — the fast Gauss transform on cells half a bandwidth wide.
 *
 * With a point at b + sh in the cell around b, a place at c + τh in the cell around c, and A = (b - c)/h:
 *     exp(-(A + s - τ)²/2) = exp(-A²/2 + Aτ) · exp(-s²/2) · exp(s(τ - A)) · exp(-τ²/2)
 *                          = exp(-τ²/2) · exp(-A²/2 + Aτ) · Σ_n (τ - A)^n s^n exp(-s²/2) / n!
 * Summed over the points of a cell only the moments Σ s^n exp(-s²/2) remain, and the factor before them, as a power series in τ, depends on
 * A alone: one matrix for each distance in cells takes the moments of a cell to the coefficients at another. The work is then a pass over
 * the points and some 40 small matrix products a cell, whatever the bandwidth.
 * Method: L. Greengard and J. Strain, The fast Gauss transform, SIAM J. Sci. Stat. Comput. 12 (1991) 79. */
#include "lattice.h"

#include <math.h>
#include <string.h>

#define CELL_WIDTH 0.5 /* in bandwidths: |s| and |τ| are at most a quarter */
#define REACH 19       /* cells; kernels further away are below exp(-40) */
#define TERMS 16       /* remainder: e^(-8) 16^8 0.25^16 / 16! = 2e-17 of a kernel's height */
#define DISTANCES (2 * REACH + 1)
#define PAIRS_PER_CELL 300 /* fewer kernels than this are summed faster one by one */
#define NUMBER_MAX 1e15    /* cells beyond have no exact middle any more; their points are summed one by one */
#define OTHERS_SHARE 0.1   /* of a kernel's height: below it, taking the own kernel away would cost digits */
#define LANES 2

typedef double Lanes __attribute__((vector_size(LANES * sizeof(double))));
typedef union {
  double term[TERMS];
  Lanes lanes[TERMS / LANES];
} Series;

typedef struct {
  double number;       /* an integer; the cell is [number, number + 1) × CELL_WIDTH bandwidths from the first point */
  double middle, rest; /* s from the first point, and what rounding took from it */
  gsize first, end;
  Series moments;
} Cell;

/* columns[n] takes the n-th moment of a cell `distance` cells to the right to the coefficients here. */
typedef struct {
  Series columns[TERMS];
} Transfer;

static void fill_transfer(int distance, Transfer *transfer)
{
  double away = distance * CELL_WIDTH, shift[TERMS], binomial[TERMS] = {0}, height = exp(-0.5 * away * away);
  shift[0] = 1;
  for (int k = 1; k < TERMS; k++)
    shift[k] = shift[k - 1] * away / k; /* A^k / k!: the series of exp(Aτ) */
  double factorial = 1;
  for (int n = 0; n < TERMS; n++) {
    factorial *= n > 0 ? n : 1;
    for (int i = n; i > 0; i--) /* (τ - A)^n from (τ - A)^(n-1) */
      binomial[i] = (i < n ? -away * binomial[i] : 0) + binomial[i - 1];
    binomial[0] = n == 0 ? 1 : -away * binomial[0];
    for (int m = 0; m < TERMS; m++) {
      double sum = 0;
      for (int i = 0; i <= MIN(m, n); i++)
        sum += binomial[i] * shift[m - i];
      transfer->columns[n].term[m] = height * sum / factorial;
    }
  }
}

static GArray *make_cells(const double *points, gsize n, double bandwidth)
{
  double per_second = 1 / (CELL_WIDTH * bandwidth);
  GArray *cells = g_array_new(FALSE, FALSE, sizeof(Cell));
  Cell cell = {.end = 0};
  for (gsize i = 0; i < n; i++) {
    double number = floor((points[i] - points[0]) * per_second);
    if (i > 0 && number == cell.number)
      continue;
    if (i > 0) {
      cell.end = i;
      g_array_append_val(cells, cell);
    }
    double width = CELL_WIDTH * bandwidth;
    cell.number = number;
    cell.middle = (number + 0.5) * width;
    cell.rest = fma(number + 0.5, width, -cell.middle);
    cell.first = i;
  }
  cell.end = n;
  g_array_append_val(cells, cell);
  return cells;
}

/* Where a point of the cell lies from its middle, in bandwidths. Subtracting first keeps the digits that matter when the first point is a
 * hundred thousand bandwidths away. */
static double from_middle(const double *points, double bandwidth, const Cell *cell, gsize i)
{
  return ((points[i] - points[0]) - cell->middle - cell->rest) / bandwidth;
}

static void fill_moments(const double *points, double bandwidth, Cell *cell)
{
  Series sums = {{0}};
  for (gsize i = cell->first; i < cell->end; i++) {
    double s = from_middle(points, bandwidth, cell, i), square = s * s;
    double height = exp(-0.5 * square);
    Lanes power = {height, height * s};
    for (int k = 0; k < TERMS / LANES; k++) {
      sums.lanes[k] += power;
      power *= square;
    }
  }
  cell->moments = sums;
}

/* Adds up what the cells from `begin` to `end` do at the middle of `cell`. */
static Series gather(const Cell *cells, gsize begin, gsize end, const Cell *cell, const Transfer *transfers)
{
  Lanes sums[TERMS / LANES] = {{0}};
  for (gsize k = begin; k < end; k++) {
    const Transfer *transfer = &transfers[(int)(cells[k].number - cell->number) + REACH];
    for (int n = 0; n < TERMS; n++) {
      double moment = cells[k].moments.term[n];
      for (int lane = 0; lane < TERMS / LANES; lane++)
        sums[lane] += transfer->columns[n].lanes[lane] * moment;
    }
  }
  Series series;
  memcpy(&series, sums, sizeof series);
  return series;
}

static double value_at(const Series *series, double tau)
{
  double value = 0;
  for (int n = TERMS - 1; n >= 0; n--)
    value = value * tau + series->term[n];
  return value * exp(-0.5 * tau * tau);
}

static void sum_cell(const double *points, double bandwidth, const Cell *cells, gsize begin, gsize end, const Cell *cell,
                     const Transfer *transfers, double *sums)
{
  gsize in_reach = cells[end - 1].end - cells[begin].first;
  gboolean few = in_reach * (cell->end - cell->first) < PAIRS_PER_CELL || cell->number > NUMBER_MAX;
  Series series = {{0}};
  if (!few)
    series = gather(cells, begin, end, cell, transfers);
  for (gsize i = cell->first; i < cell->end; i++) {
    double others = few ? NAN : value_at(&series, from_middle(points, bandwidth, cell, i)) - 1;
    sums[i] = others > OTHERS_SHARE ? others : NAN;
  }
}

void nx_lattice_sums_of_others(const double *points, gsize n_points, double bandwidth, double *sums)
{
  g_autoptr(GArray) made = make_cells(points, n_points, bandwidth);
  g_autofree Transfer *transfers = g_new(Transfer, DISTANCES);
  for (int distance = -REACH; distance <= REACH; distance++)
    fill_transfer(distance, &transfers[distance + REACH]);
  Cell *cells = (Cell *)made->data;
  for (guint k = 0; k < made->len; k++)
    fill_moments(points, bandwidth, &cells[k]);
  for (gsize k = 0, begin = 0, end = 0; k < made->len; k++) {
    while (cells[begin].number < cells[k].number - REACH)
      begin++;
    while (end < made->len && cells[end].number <= cells[k].number + REACH)
      end++;
    sum_cell(points, bandwidth, cells, begin, end, &cells[k], transfers, sums);
  }
}
