using CudaRpc.Driver;
using CudaRpc.Protocol;
using CudaRpc.Transport;
using MessagePack;

namespace CudaRpc.EndToEnd.Tests;

/// <summary>A session by hand: its own connection and one lane, whose frames the test writes.</summary>
internal sealed class RawSession : IDisposable
{
    private readonly ServerUrl _url;

    public RawSession(ServerUrl url)
    {
        _url = url;
        Control = new RawPeer(url);
        Token = Control.Greet([]).Token;
        Lane = OpenLane();
    }

    public RawPeer Control { get; }

    public RawPeer Lane { get; }

    public byte[] Token { get; }

    /// <summary>Number of the last frame sent.</summary>
    public ulong Sequence { get; set; }

    /// <summary>Number of the context that calls name as current.</summary>
    public uint Context { get; set; }

    public RawPeer OpenLane()
    {
        var lane = new RawPeer(_url);
        Assert.Equal("", lane.Greet(Token).Refusal);
        return lane;
    }

    public void Post(uint callId, RawPeer.WriteBody write, ReadOnlySpan<byte> bulk = default) =>
        Lane.Send(RawPeer.Frame(callId, ++Sequence, RawPeer.Body(write), FrameFlags.Posted, Context, bulk));

    /// <summary>Makes a call and returns what it came to.</summary>
    public CUresult Call(uint callId, RawPeer.WriteBody write, ReadOnlySpan<byte> bulk = default) => Call(callId, write, out _, bulk);

    public CUresult Call(uint callId, RawPeer.WriteBody write, out ReadOnlyMemory<byte> results, ReadOnlySpan<byte> bulk = default)
    {
        Lane.Send(RawPeer.Frame(callId, ++Sequence, RawPeer.Body(write), FrameFlags.None, Context, bulk));
        FrameHeader reply = Lane.Receive(out results);
        Assert.Equal((callId, Sequence), (reply.CallId, reply.Sequence));
        var reader = new MessagePackReader(results);
        var status = (CUresult)reader.ReadUInt32();
        results = results[(int)reader.Consumed..];
        return status;
    }

    /// <summary>Whether the server still answers this session.</summary>
    public void IsAlive() => Assert.Equal(CUresult.CUDA_ERROR_NOT_SUPPORTED, Call(0xdeadbeef, static (ref MessagePackWriter _) => { }));

    /// <summary>The server has closed all of the session.</summary>
    public void IsClosed()
    {
        Lane.IsClosed();
        Control.IsClosed();
    }

    public void Dispose()
    {
        Lane.Dispose();
        Control.Dispose();
    }
}
