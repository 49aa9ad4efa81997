/* AMSGrad on the online sequence of Reddi, Kale, Kumar (2018), Section 5, in plain C:
 *
 *     f_t(x) = 1010 x if t mod 101 = 1, else -10 x,   F = [-1, 1],   x_1 = 0,
 *     m_t = beta1 m_{t-1} + (1 - beta1) g_t,   v_t = beta2 v_{t-1} + (1 - beta2) g_t^2,
 *     vhat_t = max(vhat_{t-1}, v_t),   x_{t+1} = clip(x_t - alpha_t m_t / sqrt(vhat_t)),
 *
 * with alpha_t = alpha / sqrt(t), 0/0 := 0, and the sums of losses and of gradients
 * kept with their rounding errors (Knuth's TwoSum): R_T = sum f_t(x_t) + |sum g_t|.
 *
 *     reference fused|ahead|lanes HORIZON LANES
 *
 * fused: one game, everything in one loop, as one would write it.
 * ahead: one game, the roots 1/sqrt(t) computed before, a block of rounds at once.
 * lanes: LANES games, from (alpha, beta1, beta2) = (0.5, 0.9, 0.99) in equal steps to
 *        (1, 0.8, 0.999), on the same gradients; roots and gradients ahead, and a tile of the games through all rounds after the
 *        other: its arrays lie in 4.5 KiB of stack that stay in the first-level cache
 *        and do not alias, and its length is known to the compiler.
 *
 * Prints one line of JSON: ns per game-round, and x_{T+1} and R_T of the first and
 * of the last game.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BLOCK = 512, TILE = 64 }; /* rounds whose roots are computed at once; games in a tile */

typedef struct {
    double alpha, beta1, beta2, x, regret;
} Game;

/* sum += term, with the rounding error collected in ``error``. */
static inline void add(double *restrict sum, double *restrict error, double term) {
    double total = *sum + term, part = total - *sum;
    *error += (*sum - (total - part)) + (term - part);
    *sum = total;
}

static inline double clip(double y) { return y < -1.0 ? -1.0 : (y > 1.0 ? 1.0 : y); }

static Game fused(long T, Game game) {
    double alpha = game.alpha, beta1 = game.beta1, beta2 = game.beta2;
    double x = 0, m = 0, v = 0, vhat = 0, loss = 0, loss_error = 0, sum = 0, sum_error = 0;
    int phase = 1;
    for (long t = 1; t <= T; t++) {
        double g = phase == 1 ? 1010.0 : -10.0;
        phase = phase == 101 ? 1 : phase + 1;
        add(&loss, &loss_error, g * x);
        add(&sum, &sum_error, g);
        m = beta1 * m + (1 - beta1) * g;
        v = beta2 * v + (1 - beta2) * g * g;
        vhat = v > vhat ? v : vhat;
        double w = sqrt(vhat);
        x = clip(x - alpha / sqrt((double)t) * (w == 0 ? 0 : m / w));
    }
    return (Game){alpha, beta1, beta2, x, loss + loss_error + fabs(sum + sum_error)};
}

static Game ahead(long T, Game game) {
    double alpha = game.alpha, beta1 = game.beta1, beta2 = game.beta2, stepsize[BLOCK];
    double x = 0, m = 0, v = 0, vhat = 0, loss = 0, loss_error = 0, sum = 0, sum_error = 0;
    int phase = 1;
    for (long t = 1; t <= T; t += BLOCK) {
        long n = T - t + 1 < BLOCK ? T - t + 1 : BLOCK;
        for (long k = 0; k < n; k++) stepsize[k] = alpha / sqrt((double)(t + k));
        for (long k = 0; k < n; k++) {
            double g = phase == 1 ? 1010.0 : -10.0;
            phase = phase == 101 ? 1 : phase + 1;
            add(&loss, &loss_error, g * x);
            add(&sum, &sum_error, g);
            m = beta1 * m + (1 - beta1) * g;
            v = beta2 * v + (1 - beta2) * g * g;
            vhat = v > vhat ? v : vhat;
            double w = sqrt(vhat);
            x = clip(x - stepsize[k] * (w == 0 ? 0 : m / w));
        }
    }
    return (Game){alpha, beta1, beta2, x, loss + loss_error + fabs(sum + sum_error)};
}

/* TILE games; the work of the sum of gradients is done once a tile. */
static void tile(long T, Game *games) {
    double alpha[TILE], beta1[TILE], beta2[TILE], root[BLOCK], gradient[BLOCK];
    double x[TILE] = {0}, m[TILE] = {0}, v[TILE] = {0}, vhat[TILE] = {0}, loss[TILE] = {0}, error[TILE] = {0};
    double sum = 0, sum_error = 0;
    int phase = 1;
    for (int i = 0; i < TILE; i++) alpha[i] = games[i].alpha, beta1[i] = games[i].beta1, beta2[i] = games[i].beta2;
    for (long t = 1; t <= T; t += BLOCK) {
        long n = T - t + 1 < BLOCK ? T - t + 1 : BLOCK;
        for (long k = 0; k < n; k++) root[k] = 1 / sqrt((double)(t + k));
        for (long k = 0; k < n; k++) {
            gradient[k] = phase == 1 ? 1010.0 : -10.0;
            phase = phase == 101 ? 1 : phase + 1;
        }
        for (long k = 0; k < n; k++) {
            double g = gradient[k], r = root[k];
            add(&sum, &sum_error, g);
            for (int i = 0; i < TILE; i++) {
                double l = loss[i], e = error[i], old = vhat[i];
                add(&l, &e, g * x[i]);
                loss[i] = l, error[i] = e;
                m[i] = beta1[i] * m[i] + (1 - beta1[i]) * g;
                v[i] = beta2[i] * v[i] + (1 - beta2[i]) * g * g;
                vhat[i] = v[i] > old ? v[i] : old;
                double w = sqrt(vhat[i]);
                x[i] = clip(x[i] - alpha[i] * r * (w == 0 ? 0 : m[i] / w));
            }
        }
    }
    for (int i = 0; i < TILE; i++) games[i].x = x[i], games[i].regret = loss[i] + error[i] + fabs(sum + sum_error);
}

/* CPU time, so that other processes are not counted. */
static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int count, char **arguments) {
    const char *kind = count == 4 ? arguments[1] : "";
    long T = count == 4 ? atol(arguments[2]) : 0, L = count == 4 ? atol(arguments[3]) : 0;
    int many = strcmp(kind, "lanes") == 0, one = strcmp(kind, "fused") == 0 || strcmp(kind, "ahead") == 0;
    if (T < 1 || !((many && L >= 1) || (one && L == 1))) {
        fprintf(stderr, "usage: reference fused|ahead|lanes HORIZON LANES (1 unless lanes)\n");
        return 2;
    }
    long rounded = (L + TILE - 1) / TILE * TILE;
    Game *games = calloc((size_t)rounded, sizeof *games);
    if (!games) return 1;
    for (long i = 0; i < rounded; i++) {
        double share = i < L && L > 1 ? (double)i / (double)(L - 1) : 0;
        games[i] = (Game){0.5 + 0.5 * share, 0.9 - 0.1 * share, 0.99 + 0.009 * share, 0, 0};
    }
    double start = seconds();
    if (many)
        for (long i = 0; i < L; i += TILE) tile(T, games + i);
    else
        games[0] = *kind == 'f' ? fused(T, games[0]) : ahead(T, games[0]);
    double ns = (seconds() - start) * 1e9 / (double)T / (double)L;
    printf("{\"ns\": %.6g, \"x\": [%.17g, %.17g], \"regret\": [%.17g, %.17g]}\n", ns, games[0].x, games[L - 1].x,
           games[0].regret, games[L - 1].regret);
    free(games);
    return 0;
}
