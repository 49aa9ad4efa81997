/* AMSGrad on least squares f_t(x) = (<a_t, x> - y_t)^2 / 2 over a box or a ball, in plain C:
 *
 *     m_t = beta1 m_{t-1} + (1 - beta1) g_t,   v_t = beta2 v_{t-1} + (1 - beta2) g_t^2,
 *     vhat_t = max(vhat_{t-1}, v_t),   x_{t+1} = Pi_F^w(x_t - alpha / sqrt(t) m_t / w),   w = sqrt(vhat_t),
 *
 * with 0/0 := 0, x_1 = 0, the sums of losses and of gradients kept with their rounding errors
 * (Knuth's TwoSum), and Pi_F^w(y) = argmin over F of sum_i w_i (x_i - y_i)^2.
 *
 *     convex box|ball SIZE FILE ROWS HORIZON
 *
 * box: |x_i| <= SIZE.  ball: ||x|| <= SIZE, by Newton's method on 1 - 1 / ||q(lambda)||,
 * q_i = w_i y_i / (SIZE (w_i + lambda)).  FILE holds ROWS times D + 1 doubles, a and y; after the last row
 * comes the first.  Prints one line of JSON: ns per round, without reading the file, then x_{T+1} and the loss.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { D = 10 };

static const double alpha = 0.5, beta1 = 0.9, beta2 = 0.99;

/* sum += term, with the rounding error collected in ``error``. */
static inline void add(double *restrict sum, double *restrict error, double term) {
    double total = *sum + term, part = total - *sum;
    *error += (*sum - (total - part)) + (term - part);
    *sum = total;
}

static inline void onto_box(double *x, double size) {
    for (int i = 0; i < D; i++) x[i] = x[i] < -size ? -size : (x[i] > size ? size : x[i]);
}

static inline void onto_ball(double *x, const double *w, double size) {
    double square = 0, lambda = 0, inverse = 1 / size, y[D];
    for (int i = 0; i < D; i++) {
        y[i] = x[i] * inverse;
        square += y[i] * y[i];
        double least = w[i] * (fabs(y[i]) - 1);
        lambda = least > lambda ? least : lambda;
    }
    if (square <= 1) return;
    for (int k = 0; k < 100; k++) {
        double slope = 0;
        square = 0;
        for (int i = 0; i < D; i++) {
            double share = 1 / (w[i] + lambda), q = w[i] * y[i] * share;
            square += q * q;
            slope += q * q * share;
        }
        double step = square / slope * (sqrt(square) - 1);
        lambda += step;
        if (!(step > 1e-9 * lambda)) break;
    }
    for (int i = 0; i < D; i++) x[i] = size * (w[i] * y[i] / (w[i] + lambda));
}

/* CPU time, so that other processes are not counted. */
static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int count, char **arguments) {
    int box = count == 6 && strcmp(arguments[1], "box") == 0, ball = count == 6 && strcmp(arguments[1], "ball") == 0;
    double size = count == 6 ? atof(arguments[2]) : 0;
    long rows = count == 6 ? atol(arguments[4]) : 0, T = count == 6 ? atol(arguments[5]) : 0;
    if (!(box || ball) || !(size > 0) || rows < 1 || T < 1) {
        fprintf(stderr, "usage: convex box|ball SIZE FILE ROWS HORIZON\n");
        return 2;
    }
    double(*data)[D + 1] = malloc((size_t)rows * sizeof *data);
    FILE *file = fopen(arguments[3], "rb");
    if (!data || !file || fread(data, sizeof *data, (size_t)rows, file) != (size_t)rows) {
        fprintf(stderr, "%s does not hold %ld rows\n", arguments[3], rows);
        return 1;
    }
    fclose(file);
    double x[D] = {0}, m[D] = {0}, v[D] = {0}, vhat[D] = {0}, w[D], g[D], sum[D] = {0}, error[D] = {0};
    double loss = 0, loss_error = 0, start = seconds();
    for (long t = 1, k = 0; t <= T; t++, k = k + 1 == rows ? 0 : k + 1) {
        const double *a = data[k];
        double r = -a[D], stepsize = alpha / sqrt((double)t);
        for (int i = 0; i < D; i++) r += a[i] * x[i];
        add(&loss, &loss_error, 0.5 * r * r);
        for (int i = 0; i < D; i++) g[i] = r * a[i];
        for (int i = 0; i < D; i++) {
            add(&sum[i], &error[i], g[i]);
            m[i] = beta1 * m[i] + (1 - beta1) * g[i];
            v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
            vhat[i] = v[i] > vhat[i] ? v[i] : vhat[i];
            w[i] = sqrt(vhat[i]);
            x[i] -= stepsize * (w[i] == 0 ? 0 : m[i] / w[i]);
        }
        if (box)
            onto_box(x, size);
        else
            onto_ball(x, w, size);
    }
    double ns = (seconds() - start) * 1e9 / (double)T, total = 0;
    for (int i = 0; i < D; i++) total += sum[i] + error[i];
    printf("{\"ns\": %.6g, \"loss\": %.17g, \"gradients\": %.17g, \"x\": [", ns, loss + loss_error, total);
    for (int i = 0; i < D; i++) printf("%.17g%s", x[i], i + 1 < D ? ", " : "]}\n");
    free(data);
    return 0;
}
