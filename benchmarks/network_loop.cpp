// One element of a trained SpikingTemporalMemory without learning, as a bare loop: the yardstick of
// bench_network.py, which compiles it and hands over the network's own arrays. It does the same
// arithmetic in the same order at each time step, so it must activate the same cells. What follows
// from the equations of cells and branches is written by network_loop.py, into two files.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <numeric>
#include <vector>

using Spikes = std::vector<int32_t>;

// network_loop.py reads names and types from here, one declaration a line of the form "type a, b;".
struct Network {
    int64_t n_cells, cells_per_column, n_branches, n_steps, steps_per_branch_step;
    int64_t relay_delay, gating_delay, recruitment_delay, inhibition_delay, release_delay;
    int64_t withdrawal_delay, dendritic_step, somatic_step;  // the last two within an element
    double dt, variation, interneuron_refractory_period;
    double coincidence_window, recruiting, relay_drive_peak, relay_decay, early_until;
    double somatic_conductance, resting_potential, feedforward_reversal_potential;
    double adaptation_time_constant, inhibition_time_constant, volley_lasts;
    int64_t sleeps, remembered, settled;  // as in htm_brian.network.sleeping_cells
#include "parameters.inc"
    double spike_threshold, spike_reset_potential, spike_refractory_period;
    double burst_interval, burst_dendritic_threshold;
    double adaptation_increment, inhibition_pulse_conductance, inhibition_proximal_share;
    double proximal_leak_conductance, proximal_coupling_conductance;
    double feedforward_volley_conductance, feedforward_share_after_spike;
    double activation_threshold, plateau_duration, refractory_period;
    double *v, *v_proximal, *v_basal, *v_apical, *adaptation, *g_inhibition;
    double *feedforward_conductance, *basal_conductance, *apical_conductance, *injected_current;
    double *last_spike_time, *burst_spike_due;
    double *tally, *potential_tally, *depolarisation, *plateau_onset, *plateau_end;
    double *weight, *transmission_probability, *counts_until;
    const int32_t *owner, *branch;   // of each branch; of each synapse, sorted by presynaptic cell
    const int64_t *first_synapse;    // of each presynaptic cell, and one more
    double *drive, *relay_drive, *last_interneuron_spike, *excitability;
    double *seconds;                 // state update, thresholds and resets, synapses
    int32_t *fired;                  // room for the element's spikes
    int64_t step;                    // since the start of the simulation
};

// A ring of the spikes that arrive in each of the next time steps.
struct Delay {
    std::vector<Spikes> ring;
    explicit Delay(int64_t steps) : ring(steps + 1) {}
    void send(int64_t step, const Spikes &spikes) {
        Spikes &last = ring[(step + ring.size() - 1) % ring.size()];
        last.insert(last.end(), spikes.begin(), spikes.end());
    }
    Spikes &due(int64_t step) { return ring[step % ring.size()]; }
};

constexpr int64_t AWAKE = -1;

// Who is awake; of sleepers since which step, and with which inhibition.
struct Sleep {
    Spikes cells, branches;
    std::vector<int64_t> since;
    std::vector<double> inhibition, busy_until;
    std::vector<char> branch_awake;
    std::vector<int64_t> inhibited;  // steps at whose end all somata were inhibited
    explicit Sleep(const Network &p)
        : cells(p.n_cells), branches(p.n_branches), since(p.n_cells, AWAKE),
          inhibition(p.n_cells), busy_until(p.n_cells), branch_awake(p.n_branches, 1) {
        std::iota(cells.begin(), cells.end(), 0);
        std::iota(branches.begin(), branches.end(), 0);
    }
};

struct UnderWay {
    Delay relay, gating, recruitment, inhibition, release, withdrawal;
    Sleep sleep;
};

static uint64_t random_state = 1;

static double uniform() {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (random_state >> 11) / 9007199254740992.0;
}

static double normal() {
    return std::sqrt(-2 * std::log(1 - uniform())) * std::cos(6.283185307179586 * uniform());
}

static double now() {
    timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec + 1e-9 * time.tv_nsec;
}

// Of cells and branches: their state updates, the current into a soma, a branch's conductance.
#include "derived.inc"

// A further spike of a burst comes in the step nearest to its time.
static bool in_burst(const Network &p, int64_t i, double t) {
    return std::fabs(t - p.burst_spike_due[i]) < 0.501 * p.dt;
}

static bool fires(const Network &p, int64_t i, double t) {
    return (p.v[i] > p.spike_threshold
            && t + p.dt - p.last_spike_time[i] >= p.spike_refractory_period)
        || in_burst(p, i, t);
}

static void find_spikes(const Network p, double t, Spikes &spikes) {
    spikes.clear();
    for (int64_t i = 0; i < p.n_cells; i++)
        if (fires(p, i, t)) spikes.push_back(i);
}

static void reset_cells(const Network &p, double t, const Spikes &spikes) {
    for (int32_t i : spikes) {
        const bool bursts = !in_burst(p, i, t) && p.v_basal[i] > p.burst_dendritic_threshold;
        p.burst_spike_due[i] = bursts ? t + p.burst_interval : 1e9;
        const double earliest = std::fmin(
            std::fmax(p.last_spike_time[i] + p.spike_refractory_period, t), t + p.dt);
        const double above =
            (p.v[i] - p.spike_threshold) * p.membrane_capacitance / membrane_current(p, i);
        p.last_spike_time[i] = std::fmin(std::fmax(t + p.dt - above, earliest), t + p.dt);
        p.v[i] = p.v_proximal[i] = p.spike_reset_potential;
        p.feedforward_conductance[i] *= p.feedforward_share_after_spike;
        p.adaptation[i] += p.adaptation_increment;
    }
}

// What inhibition opens divides what is left of a volley.
static void inhibit(const Network &p, int64_t column) {
    const double before = p.proximal_leak_conductance + p.proximal_coupling_conductance;
    const double shunt = p.inhibition_proximal_share * p.inhibition_pulse_conductance;
    for (int64_t i = column * p.cells_per_column; i < (column + 1) * p.cells_per_column; i++) {
        p.g_inhibition[i] = p.inhibition_pulse_conductance;
        p.feedforward_conductance[i] *= before / (before + shunt);
    }
}

// What predicted this element ends once predicted cells have had their time.
static void end_plateaus(const Network &p, double t, const Spikes &branches) {
    for (int32_t b : branches)
        if (p.plateau_onset[b] < t && p.plateau_end[b] > t + p.early_until)
            p.plateau_end[b] = t + p.early_until;
}

static void inhibit_dendrites(const Network &p, const Spikes &branches) {
    for (int32_t b : branches) p.depolarisation[b] = 0;
}

static void inhibit_somata(const Network &p, Sleep &sleep) {
    for (int32_t i : sleep.cells) p.g_inhibition[i] = p.somatic_conductance;
    sleep.inhibited.push_back(p.step);
}

static void find_plateaus(const Network p, double t, const Spikes &branches, Spikes &plateaus) {
    plateaus.clear();
    for (int32_t b : branches)
        if (p.tally[b] > p.activation_threshold - 0.5
            && t - p.plateau_onset[b] >= p.refractory_period)
            plateaus.push_back(b);
}

static void wake_branch(Sleep &sleep, int32_t branch) {
    if (sleep.branch_awake[branch]) return;
    sleep.branch_awake[branch] = 1;
    sleep.branches.push_back(branch);
}

static void release(const Network &p, double t, const Spikes &spikes, Sleep &sleep) {
    for (int32_t cell : spikes)
        for (int64_t s = p.first_synapse[cell]; s < p.first_synapse[cell + 1]; s++) {
            const bool arrives = uniform() < p.transmission_probability[s];
            const double fresh = arrives && p.counts_until[s] == 0;
            p.counts_until[s] += fresh * (t + p.coincidence_window);
            p.tally[p.branch[s]] += p.weight[s] * fresh;
            p.potential_tally[p.branch[s]] += fresh;
            if (fresh > 0) wake_branch(sleep, p.branch[s]);
        }
}

static void withdraw(const Network &p, double t, const Spikes &spikes) {
    for (int32_t cell : spikes)
        for (int64_t s = p.first_synapse[cell]; s < p.first_synapse[cell + 1]; s++) {
            const double over = p.counts_until[s] > 0 && p.counts_until[s] < t + 1.5 * p.dt;
            p.tally[p.branch[s]] -= p.weight[s] * over;
            p.potential_tally[p.branch[s]] -= over;
            p.counts_until[s] -= over * p.counts_until[s];
        }
}

static void sum_conductances(const Network p, double t, const Sleep &sleep) {
    for (int32_t i : sleep.cells) p.basal_conductance[i] = 0;
    for (int32_t b : sleep.branches)
        p.basal_conductance[p.owner[b]] += branch_conductance(p, b, t);
}

#include "network_sleep.inc"

extern "C" {

int64_t size_of_network() { return sizeof(Network); }

void *new_queues(const Network *p) {
    return new UnderWay{Delay(p->relay_delay), Delay(p->gating_delay),
                        Delay(p->recruitment_delay), Delay(p->inhibition_delay),
                        Delay(p->release_delay), Delay(p->withdrawal_delay), Sleep(*p)};
}

void delete_queues(void *queues) { delete static_cast<UnderWay *>(queues); }

// Runs one element; returns the number of spikes, whose cells are then in `fired`.
int64_t run_element(Network *network, void *queues, const int32_t *columns, int64_t n_columns) {
    Network &p = *network;
    UnderWay &way = *static_cast<UnderWay *>(queues);
    const int64_t per_column = p.cells_per_column;
    Spikes spikes, plateaus, volley(columns, columns + n_columns), inhibited, recruited;
    const double kept = std::exp(-p.dt / p.relay_decay);
    int64_t n_fired = 0;
    Sleep &sleep = way.sleep;
    if (p.sleeps) next_element(p, sleep, volley);
    if (n_columns > 0) end_plateaus(p, p.step * p.dt, sleep.branches);
    for (int64_t k = 0; k < p.n_steps; k++, p.step++) {
        const double t = p.step * p.dt;
        const bool at_branches = p.step % p.steps_per_branch_step == 0;
        const double before_update = now();
        if (p.sleeps)
            for (int32_t i : sleep.cells) update_cell(p, i);
        else
            update_cells(p);
        for (int64_t column = 0; column < p.n_cells / per_column; column++)
            p.relay_drive[column] *= kept;
        if (at_branches && p.sleeps)
            update_awake_branches(p, t, sleep);
        else if (at_branches)
            update_branches(p);
        const double before_thresholds = now();
        if (p.sleeps)
            find_spikes_of(p, t, sleep.cells, spikes);
        else
            find_spikes(p, t, spikes);
        reset_cells(p, t, spikes);
        for (int32_t cell : spikes) p.fired[n_fired++] = cell;
        if (at_branches) find_plateaus(p, t, sleep.branches, plateaus);
        inhibited.clear();
        for (int64_t column = 0; column < p.n_cells / per_column; column++)
            if (p.drive[column] > p.recruiting - 0.5 && p.relay_drive[column] > 1)
                inhibited.push_back(column);
        const double before_synapses = now();
        way.release.send(p.step, spikes);
        way.withdrawal.send(p.step, spikes);
        way.recruitment.send(p.step, spikes);
        way.inhibition.send(p.step, inhibited);
        if (k == 0) way.relay.send(p.step, volley);
        if (k == 0) way.gating.send(p.step, volley);
        release(p, t, way.release.due(p.step), sleep);
        withdraw(p, t, way.withdrawal.due(p.step));
        for (int32_t column : way.relay.due(p.step))
            for (int64_t i = column * per_column; i < (column + 1) * per_column; i++) {
                const double size = std::fmin(std::fmax(1 + p.variation * normal(), 0), 2);
                p.feedforward_conductance[i] +=
                    p.feedforward_volley_conductance * p.excitability[i] * size;
            }
        for (int32_t column : way.gating.due(p.step)) {
            p.drive[column] = 0;
            p.relay_drive[column] = p.relay_drive_peak;
        }
        for (int32_t column : way.inhibition.due(p.step)) inhibit(p, column);
        for (int32_t cell : way.recruitment.due(p.step)) {
            const int64_t column = cell / per_column;
            const double since = t - p.last_interneuron_spike[column];
            p.drive[column] += since > p.interneuron_refractory_period;
        }
        for (Delay *delay : {&way.relay, &way.gating, &way.recruitment, &way.inhibition,
                             &way.release, &way.withdrawal})
            delay->due(p.step).clear();
        for (int32_t column : inhibited) {
            p.drive[column] = 0;
            p.last_interneuron_spike[column] = t;
        }
        if (at_branches) {
            for (int32_t b : plateaus) {
                p.plateau_onset[b] = t;
                p.plateau_end[b] = t + p.plateau_duration;
            }
            if (n_columns > 0 && k == p.dendritic_step) inhibit_dendrites(p, sleep.branches);
            sum_conductances(p, t, sleep);
            if (p.sleeps) wake_driven(p, sleep);
        }
        if (n_columns > 0 && k == p.somatic_step && p.somatic_conductance > 0) inhibit_somata(p, sleep);
        const double end = now();
        p.seconds[0] += before_thresholds - before_update;
        p.seconds[1] += before_synapses - before_thresholds;
        p.seconds[2] += end - before_synapses;
    }
    return n_fired;
}
}
