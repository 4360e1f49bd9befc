using CudaRpc.Driver;
using CudaRpc.Protocol;

namespace CudaRpc.Server;

/// <summary>
/// Divides a pitched copy whose one side is the client's into pieces that the staging memory holds, in the order of the bytes on the wire:
/// whole slices, else whole rows, else parts of a row. In each piece the client's side lies without gaps.
/// </summary>
internal ref struct PitchedPieces
{
    private readonly CUDA_MEMCPY3D_PEER_v1 _copy;
    private readonly nuint _width;
    private readonly nuint _rows;
    private readonly nuint _slices;
    private nuint _x;
    private nuint _y;
    private nuint _z;

    public PitchedPieces(in CUDA_MEMCPY3D_PEER_v1 copy)
    {
        _copy = copy;
        _width = nuint.Min(copy.WidthInBytes, ProtocolLimits.CopyPiece);
        _rows = copy.WidthInBytes > _width ? 1 : nuint.Min(copy.Height, ProtocolLimits.CopyPiece / _width);
        _slices = _rows < copy.Height ? 1 : nuint.Min(copy.Depth, ProtocolLimits.CopyPiece / (_width * _rows));
    }

    public bool Next(out CUDA_MEMCPY3D_PEER_v1 piece)
    {
        piece = _copy;
        if (_z >= _copy.Depth)
        {
            return false;
        }

        piece.WidthInBytes = nuint.Min(_width, _copy.WidthInBytes - _x);
        piece.Height = nuint.Min(_rows, _copy.Height - _y);
        piece.Depth = nuint.Min(_slices, _copy.Depth - _z);
        if (_copy.srcMemoryType == CUmemorytype.CU_MEMORYTYPE_HOST)
        {
            (piece.srcPitch, piece.srcHeight) = (piece.WidthInBytes, piece.Height);
            (piece.dstXInBytes, piece.dstY, piece.dstZ) = (_copy.dstXInBytes + _x, _copy.dstY + _y, _copy.dstZ + _z);
        }
        else
        {
            (piece.dstPitch, piece.dstHeight) = (piece.WidthInBytes, piece.Height);
            (piece.srcXInBytes, piece.srcY, piece.srcZ) = (_copy.srcXInBytes + _x, _copy.srcY + _y, _copy.srcZ + _z);
        }

        Advance();
        return true;
    }

    private void Advance()
    {
        _x += _width;
        if (_x < _copy.WidthInBytes)
        {
            return;
        }

        _x = 0;
        _y += _rows;
        if (_y < _copy.Height)
        {
            return;
        }

        _y = 0;
        _z += _slices;
    }
}
