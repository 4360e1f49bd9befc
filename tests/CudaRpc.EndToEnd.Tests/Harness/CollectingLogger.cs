using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace CudaRpc.EndToEnd.Tests;

/// <summary>Keeps what is said, for tests to look at.</summary>
internal sealed class CollectingLogger : ILogger
{
    // CudaServer and Session say these where something is our bug; no input may bring that about.
    private static readonly int[] s_bugs = [102, 206, 209];

    private readonly ConcurrentQueue<LogEntry> _entries = new();

    public IReadOnlyCollection<LogEntry> Entries => _entries;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _entries.Enqueue(new LogEntry(eventId.Id, exception is null ? formatter(state, exception) : $"{formatter(state, exception)} {exception}"));

    /// <summary>What was logged as our bug.</summary>
    public IEnumerable<LogEntry> Bugs => _entries.Where(static entry => s_bugs.Contains(entry.Id));

    public void ExpectNoBugs() => Assert.Empty(Bugs);

    /// <summary>Forgets what was said.</summary>
    public void Clear() => _entries.Clear();
}

/// <summary>One line of a log, by its event's number.</summary>
internal sealed record LogEntry(int Id, string Text);
