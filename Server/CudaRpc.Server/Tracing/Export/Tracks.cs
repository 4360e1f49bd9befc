namespace CudaRpc.Server.Tracing;

/// <summary>
/// Lays intervals out on numbered tracks so that those of a track do not overlap, which viewers cannot draw, as far as 64 tracks of an
/// owner go. Give them by their beginning.
/// </summary>
/// <param name="first">Number of the first track.</param>
internal sealed class Tracks(int first)
{
    // Nobody looks at more, and looking for a free one takes time in proportion.
    private const int MostOfOwner = 64;

    private readonly Dictionary<(int Process, int Owner), List<(int Track, long End)>> _lanes = [];
    private readonly List<Track> _all = [];

    /// <summary>The tracks there are so far.</summary>
    public IReadOnlyList<Track> All => _all;

    /// <summary>The track for an interval of <paramref name="owner"/>: one of its own that is free, or a new one.</summary>
    public int For(int process, int owner, long begin, long end)
    {
        if (!_lanes.TryGetValue((process, owner), out List<(int Track, long End)>? lanes))
        {
            _lanes.Add((process, owner), lanes = []);
        }

        int lane = lanes.FindIndex(lane => lane.End <= begin);
        if (lane < 0 && lanes.Count == MostOfOwner)
        {
            lane = MostOfOwner - 1;
        }
        else if (lane < 0)
        {
            lane = lanes.Count;
            lanes.Add((first + _all.Count, 0));
            _all.Add(new Track(first + _all.Count, process, owner, lane));
        }

        int track = lanes[lane].Track;
        lanes[lane] = (track, end);
        return track;
    }
}

/// <summary>A track.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Process">Whose process.</param>
/// <param name="Owner">The thread or stream whose intervals it shows.</param>
/// <param name="Lane">0 for the owner's first track.</param>
internal readonly record struct Track(int Number, int Process, int Owner, int Lane);
