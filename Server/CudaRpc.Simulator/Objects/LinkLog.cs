using System.Text;

namespace CudaRpc.Simulator.Objects;

/// <summary>A log of a linker: what it says goes into the program's buffer at once, and its length into the slot of the size option.</summary>
/// <param name="buffer">The program's buffer, or null.</param>
/// <param name="size">The slot of the size option, which holds the buffer's length now; null if there is none.</param>
internal sealed unsafe class LinkLog(byte* buffer, void** size)
{
    private readonly uint _capacity = size == null ? 0 : (uint)*size;
    private int _length;

    /// <summary>Adds a line, as far as there is room.</summary>
    public void Add(string text)
    {
        if (buffer == null || _capacity == 0)
        {
            return;
        }

        byte[] utf8 = Encoding.UTF8.GetBytes(_length == 0 ? text : '\n' + text);
        int written = (int)Math.Min((uint)utf8.Length, _capacity - 1 - (uint)_length);
        // SAFETY: the program promises a buffer as long as the size option said, for as long as the linker lives.
        utf8.AsSpan(0, written).CopyTo(new Span<byte>(buffer + _length, written));
        _length += written;
        buffer[_length] = 0;
        Publish();
    }

    /// <summary>Says in the program's size option how long the log is.</summary>
    public void Publish()
    {
        if (size != null)
        {
            *size = (void*)_length;
        }
    }
}
