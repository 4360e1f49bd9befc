using System.Runtime.InteropServices;
using CudaRpc.Simulator.Execution;

namespace CudaRpc.Simulator.Graphs;

/// <summary>
/// A capture under way: streams whose work becomes nodes. It begins with one stream; others join by waiting for an event recorded in it, and
/// must have been joined back when it ends. Guarded by its graph's lock.
/// </summary>
internal sealed unsafe class StreamCapture(DriverGraph graph, DriverStream origin, CUstreamCaptureMode mode, int thread, ulong id) : IDisposable
{
    private readonly Dictionary<DriverStream, GraphEdgeEnd[]> _ends = [];
    private nint* _handles;
    private CUgraphEdgeData* _data;
    private volatile bool _isInvalid;

    public DriverGraph Graph => graph;

    public DriverStream Origin => origin;

    public CUstreamCaptureMode Mode => mode;

    /// <summary>The thread that began it.</summary>
    public int Thread => thread;

    public ulong Id => id;

    public bool IsInvalid => _isInvalid;

    /// <summary>Whether it is over: events recorded in it mean nothing any more.</summary>
    public bool HasEnded { get; private set; }

    public required Func<GraphNode, bool> Name { get; init; }

    /// <summary>Whether a stream may still be given work.</summary>
    public CUresult State => _isInvalid ? CUDA_ERROR_STREAM_CAPTURE_INVALIDATED : CUDA_SUCCESS;

    /// <summary>Something was done that a capture does not survive; its streams refuse work until it is ended.</summary>
    public void Invalidate() => _isInvalid = true;

    /// <summary>The nodes that the next one in the stream depends on.</summary>
    public GraphEdgeEnd[] Ends(DriverStream stream)
    {
        lock (graph.Gate)
        {
            return _ends.GetValueOrDefault(stream) ?? [];
        }
    }

    /// <summary>A stream takes part, behind the nodes given, or goes on behind them.</summary>
    public void Set(DriverStream stream, GraphEdgeEnd[] ends)
    {
        lock (graph.Gate)
        {
            _ends[stream] = ends;
            stream.Capture = this;
        }
    }

    public CUresult Add(DriverStream stream, StreamWork work)
    {
        if (_isInvalid)
        {
            return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
        }
        if (work.ToContent(stream) is not NodeContent content)
        {
            work.Release();
            Invalidate();
            return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }
        return Add(stream, content, out _);
    }

    public CUresult Add(DriverStream stream, NodeContent content, out GraphNode? node)
    {
        node = null;
        if (_isInvalid)
        {
            return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
        }
        lock (graph.Gate)
        {
            node = graph.Add(content, _ends.GetValueOrDefault(stream) ?? []);
            if (!Name(node))
            {
                graph.Remove(node);
                Invalidate();
                return CUDA_ERROR_OUT_OF_MEMORY;
            }
            _ends[stream] = [new GraphEdgeEnd(node, default)];
            return CUDA_SUCCESS;
        }
    }

    /// <summary>Whether all that other streams were given comes before the end of the first one.</summary>
    public bool IsJoined
    {
        get
        {
            lock (graph.Gate)
            {
                GraphEdgeEnd[] last = _ends.GetValueOrDefault(origin) ?? [];
                return _ends.Values.SelectMany(static ends => ends).All(end => Array.Exists(last, tail => DriverGraph.Reaches(end.Node, tail.Node)));
            }
        }
    }

    /// <summary>Streams go back to running what they are given.</summary>
    public void End()
    {
        lock (graph.Gate)
        {
            HasEnded = true;
            foreach (DriverStream stream in _ends.Keys)
            {
                stream.Capture = null;
            }
        }
    }

    /// <summary>The ends of a stream as arrays that live until the next such call, or the end.</summary>
    public int Show(DriverStream stream, out nint* handles, out CUgraphEdgeData* data)
    {
        lock (graph.Gate)
        {
            GraphEdgeEnd[] ends = _ends.GetValueOrDefault(stream) ?? [];
            _handles = (nint*)NativeMemory.Realloc(_handles, (nuint)Math.Max(ends.Length, 1) * (nuint)sizeof(nint));
            _data = (CUgraphEdgeData*)NativeMemory.Realloc(_data, (nuint)Math.Max(ends.Length, 1) * (nuint)sizeof(CUgraphEdgeData));
            for (int i = 0; i < ends.Length; i++)
            {
                _handles[i] = ends[i].Node.Handle;
                _data[i] = ends[i].Data;
            }
            handles = _handles;
            data = _data;
            return ends.Length;
        }
    }

    public void Dispose()
    {
        NativeMemory.Free(_handles);
        NativeMemory.Free(_data);
        _handles = null;
        _data = null;
    }
}
