/* density.c — sums of Gaussian kernels over sorted points, in log space.
 *
 * Two ways lead to each sum (record-building §6.1, steps 4 and 8):
 *   direct  Every kernel that still counts, walking outwards from the place asked for. All terms are taken relative to the nearest point's,
 * so
 *           the sum is at least 1 and a term below exp(-40) < 2^-53 leaves it unchanged: stopping there loses nothing.
 *   series  For many places close together. With the place at c + τh and a point at c + ah,
 *               exp(-(a - τ)²/2) = exp(-(r - τ)²/2) · exp(-(a² - r²)/2) · exp((a - r)τ)      (r: the nearest point of that side)
 *           and the last factor is a power series in τ whose coefficients are sums over the points. They are made once for a box of places
 *           half a bandwidth wide, for the points left and right of its middle apart, so that wide gaps keep their relative precision.
 *           Each point is in the reach of some 40 boxes whatever the bandwidth, so the cost grows with the number of points alone.
 * The sums at the points themselves, wanted for many bandwidths, come from lattice.c where the points are dense. */
#include "density.h"

#include "lattice.h"

#include <math.h>

#define NEGLIGIBLE 40.0 /* exponents this far below the largest term's do not change the sum */
#define BOX_WIDTH 0.5   /* in bandwidths; |τ| is at most half of it */
#define TERMS 20        /* remainder: e^(-10) 20^10 0.25^20 / 20! = 2e-22 of the largest term, for every point */
#define LANES 2
#define SERIES_POINTS 64 /* fewer points in reach, or fewer places in the box, are summed directly */
#define SERIES_PLACES 4
#define SERIES_TOTAL 2000 /* below this many points the direct way is always fast enough */

typedef double Lanes __attribute__((vector_size(LANES * sizeof(double))));

typedef struct {
  const double *points;
  gsize n;
  double bandwidth;
  double scale; /* 1 / (2 bandwidth²) */
} Kernels;

static Kernels kernels(const double *points, gsize n, double bandwidth)
{
  return (Kernels){points, n, bandwidth, 1.0 / (2.0 * bandwidth * bandwidth)};
}

/* The sum at `place` of the points below index `left` and from index `right` on. */
static double direct_log(const Kernels *kernel, double place, gsize left, gsize right)
{
  const double *points = kernel->points;
  double nearest = G_MAXDOUBLE;
  if (left > 0)
    nearest = place - points[left - 1];
  if (right < kernel->n && points[right] - place < nearest)
    nearest = points[right] - place;
  double square = nearest * nearest, sum = 0;
  for (gsize j = left; j-- > 0;) {
    double distance = place - points[j], exponent = (distance * distance - square) * kernel->scale;
    if (exponent > NEGLIGIBLE)
      break;
    sum += exp(-exponent);
  }
  for (gsize j = right; j < kernel->n; j++) {
    double distance = points[j] - place, exponent = (distance * distance - square) * kernel->scale;
    if (exponent > NEGLIGIBLE)
      break;
    sum += exp(-exponent);
  }
  return log(sum) - square * kernel->scale;
}

/* The points on one side of a box as a power series around its middle. */
typedef struct {
  gsize first, end; /* of the points; empty: no such side */
  double nearest;   /* (nearest point - middle) / bandwidth */
  double coefficients[TERMS];
} Side;

typedef struct {
  double middle;
  Side sides[2];
} Box;

/* Index of the first point that is greater than `value`, looked for from `from` on. */
static gsize advance(const Kernels *kernel, gsize from, double value)
{
  while (from < kernel->n && kernel->points[from] <= value)
    from++;
  return from;
}

static void expand_side(const Kernels *kernel, double middle, Side *side)
{
  static const Lanes ZERO = {0};
  Lanes sums[TERMS];
  for (int n = 0; n < TERMS; n++)
    sums[n] = ZERO;
  for (gsize j = side->first; j < side->end; j += LANES) {
    double powers[LANES] = {0}, shifts[LANES] = {0};
    for (gsize lane = 0; lane < LANES && j + lane < side->end; lane++) {
      double a = (kernel->points[j + lane] - middle) / kernel->bandwidth;
      shifts[lane] = a - side->nearest;
      powers[lane] = exp(-0.5 * (a - side->nearest) * (a + side->nearest));
    }
    Lanes power = {powers[0], powers[1]}, shift = {shifts[0], shifts[1]};
    for (int n = 0; n < TERMS; n++) {
      sums[n] += power;
      power *= shift;
    }
  }
  double factorial = 1;
  for (int n = 0; n < TERMS; n++) {
    factorial *= n > 0 ? n : 1;
    double sum = 0;
    for (int lane = 0; lane < LANES; lane++)
      sum += sums[n][lane];
    side->coefficients[n] = sum / factorial;
  }
}

/* How many bandwidths from the middle points still count somewhere in the box, the nearest of their side being at `nearest`. */
static double side_reach(double nearest)
{
  double distance = fabs(nearest) + BOX_WIDTH / 2;
  return sqrt(distance * distance + 2 * NEGLIGIBLE) + BOX_WIDTH / 2;
}

/* Finds the points left and right of the middle that count; `centre` is the first point right of it. Returns how many there are. */
static gsize gather_sides(const Kernels *kernel, gsize centre, Box *box)
{
  Side *left = &box->sides[0], *right = &box->sides[1];
  *left = (Side){.first = centre, .end = centre};
  *right = (Side){.first = centre, .end = centre};
  if (centre > 0) {
    left->nearest = (kernel->points[centre - 1] - box->middle) / kernel->bandwidth;
    double limit = box->middle - side_reach(left->nearest) * kernel->bandwidth;
    while (left->first > 0 && kernel->points[left->first - 1] >= limit)
      left->first--;
  }
  if (centre < kernel->n) {
    right->nearest = (kernel->points[centre] - box->middle) / kernel->bandwidth;
    double limit = box->middle + side_reach(right->nearest) * kernel->bandwidth;
    while (right->end < kernel->n && kernel->points[right->end] <= limit)
      right->end++;
  }
  return right->end - left->first;
}

static double series_value(const Side *side, double tau)
{
  double value = side->coefficients[TERMS - 1];
  for (int n = TERMS - 2; n >= 0; n--)
    value = value * tau + side->coefficients[n];
  return value;
}

/* ln of the sum at `place`. */
static double series_log(const Kernels *kernel, const Box *box, double place)
{
  double tau = (place - box->middle) / kernel->bandwidth, exponents[2], largest = -G_MAXDOUBLE;
  for (int s = 0; s < 2; s++) {
    double away = box->sides[s].nearest - tau;
    exponents[s] = -0.5 * away * away;
    if (box->sides[s].end > box->sides[s].first)
      largest = MAX(largest, exponents[s]);
  }
  double sum = 0;
  for (int s = 0; s < 2; s++)
    if (box->sides[s].end > box->sides[s].first && largest - exponents[s] < 2 * NEGLIGIBLE)
      sum += exp(exponents[s] - largest) * series_value(&box->sides[s], tau);
  return log(sum) + largest;
}

/* The places from index `begin` on that lie within one box; their middle. */
static gsize box_end(const double *at, gsize n_at, gsize begin, double width, double *middle)
{
  gsize end = begin + 1;
  while (end < n_at && at[end] <= at[begin] + width)
    end++;
  *middle = at[begin] + (at[end - 1] - at[begin]) / 2;
  return end;
}

static void direct_places(const Kernels *kernel, const double *at, gsize begin, gsize end, gsize *right, double *result)
{
  for (gsize i = begin; i < end; i++) {
    *right = advance(kernel, *right, at[i]);
    result[i] = direct_log(kernel, at[i], *right, *right);
  }
}

static void series_places(const Kernels *kernel, Box *box, const double *at, gsize begin, gsize end, double *result)
{
  for (int s = 0; s < 2; s++)
    if (box->sides[s].end > box->sides[s].first)
      expand_side(kernel, box->middle, &box->sides[s]);
  for (gsize i = begin; i < end; i++)
    result[i] = series_log(kernel, box, at[i]);
}

/* Half a bandwidth of places at a time, each box the cheaper way. */
static void boxed_places(const Kernels *kernel, const double *at, gsize n_at, gboolean always, double *result)
{
  gsize right = 0, centre = 0;
  for (gsize begin = 0, end; begin < n_at; begin = end) {
    Box box;
    end = box_end(at, n_at, begin, BOX_WIDTH * kernel->bandwidth, &box.middle);
    gsize reached = 0;
    if (always || end - begin >= SERIES_PLACES) {
      centre = advance(kernel, centre, box.middle);
      reached = gather_sides(kernel, centre, &box);
    }
    if (always || reached >= SERIES_POINTS)
      series_places(kernel, &box, at, begin, end, result);
    else
      direct_places(kernel, at, begin, end, &right, result);
  }
}

void nx_density_log(const double *points, gsize n_points, double bandwidth, const double *at, gsize n_at, NxDensityWay way, double *result)
{
  Kernels kernel = kernels(points, n_points, bandwidth);
  gsize right = 0;
  if (way == NX_DENSITY_SERIES || (way == NX_DENSITY_AUTO && n_points > SERIES_TOTAL))
    boxed_places(&kernel, at, n_at, way == NX_DENSITY_SERIES, result);
  else
    direct_places(&kernel, at, 0, n_at, &right, result);
}

void nx_density_log_of_others(const double *points, gsize n_points, double bandwidth, NxDensityWay way, double *result)
{
  Kernels kernel = kernels(points, n_points, bandwidth);
  gboolean lattice = way == NX_DENSITY_SERIES || (way == NX_DENSITY_AUTO && n_points > SERIES_TOTAL);
  if (lattice)
    nx_lattice_sums_of_others(points, n_points, bandwidth, result);
  for (gsize i = 0; i < n_points; i++)
    result[i] = lattice && !isnan(result[i]) ? log(result[i]) : direct_log(&kernel, points[i], i, i + 1);
}
