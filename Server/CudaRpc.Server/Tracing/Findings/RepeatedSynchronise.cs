using CudaRpc.Tracing;

namespace CudaRpc.Server.Tracing;

/// <summary>Waiting for what has been waited for: the device was given nothing since.</summary>
internal sealed class RepeatedSynchronise() : FindingRule("repeated-synchronise", least: 1)
{
    private readonly Dictionary<int, Waited> _processes = [];

    protected override string Why => "The device had been given nothing since it was last waited for";

    protected override string Advice => "Leave the second wait out; often a library and the program that uses it both wait.";

    public override void See(in TraceCall call, in TimeSplit split, TracedFunction function, int process)
    {
        if (!_processes.TryGetValue(process, out Waited? waited))
        {
            _processes.Add(process, waited = new Waited());
        }

        if (function.GivesWork)
        {
            waited.Forget();
        }
        else if (function.IsSynchronise && Waits(call) && waited.Has(function, call))
        {
            Count(call, split, function);
        }
        else if (function.IsSynchronise && call.Result == 0)
        {
            waited.Add(function, call);
        }
    }

    // What a process has waited for since it last gave the device work.
    private sealed class Waited
    {
        private readonly HashSet<int> _streams = [];
        private readonly HashSet<int> _events = [];
        private bool _everything;

        public void Forget()
        {
            _everything = false;
            _streams.Clear();
            _events.Clear();
        }

        public bool Has(TracedFunction function, in TraceCall call) => _everything || function.Stem switch
        {
            "cuStreamSynchronize" => _streams.Contains(call.Stream),
            "cuEventSynchronize" => _events.Contains(call.Event),
            _ => false,
        };

        public void Add(TracedFunction function, in TraceCall call)
        {
            switch (function.Stem)
            {
                case "cuStreamSynchronize":
                    _streams.Add(call.Stream);
                    break;
                case "cuEventSynchronize":
                    _events.Add(call.Event);
                    break;
                default:
                    _everything = true;
                    break;
            }
        }
    }
}
